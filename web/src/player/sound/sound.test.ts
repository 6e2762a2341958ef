import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { BadSound, readFrameHead, readStreamInfo } from './flac';
import { FlacFile } from './flac-file';
import { flacOf } from './flac-of';
import { Line, LineTrouble, noPatience, PIECE_BYTES } from './line';
import { flacInit, fragment, readFragments, readInit } from './mp4';
import { flacVariant, readPlaylist } from './rung';

const signal = new AbortController().signal;
let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

interface Manners {
  /** The connection is cut after this many bytes of each of the first answers. */
  cuts?: number[];
  /** The first addresses have expired. */
  expired?: number;
  tag?: () => string;
}

/** A real server of one file, with ranges, and with faults on demand. */
async function serve(bytes: Uint8Array, { cuts = [], expired = 0, tag = () => '"1"' }: Manners = {}): Promise<{ address: (fresh: boolean) => Promise<string>; asked: string[] }> {
  const asked: string[] = [];
  let fresh = 0;
  server = createServer((request, response) => {
    asked.push(request.headers.range ?? 'all');
    if (Number(request.url?.slice(1)) < expired) return void response.writeHead(404).end();
    const [, from = '0', to = ''] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [];
    const end = Math.min(to ? Number(to) + 1 : bytes.length, bytes.length);
    const body = bytes.subarray(Number(from), end);
    response.writeHead(request.headers.range ? 206 : 200, {
      etag: tag(), 'content-length': body.length, ...(request.headers.range && { 'content-range': `bytes ${from}-${end - 1}/${bytes.length}` }),
    });
    const cut = cuts.shift();
    if (cut === undefined) response.end(body);
    else {
      response.flushHeaders();
      if (cut > 0) response.write(body.subarray(0, cut));
      setTimeout(() => response.destroy(), 30);
    }
  });
  await new Promise<void>((ready) => server?.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    address: (again) => {
      if (again) fresh += 1;
      return Promise.resolve(`http://127.0.0.1:${port}/${fresh}`);
    },
  };
}

async function gathered(chunks: AsyncGenerator<Uint8Array>): Promise<number[]> {
  const all: number[] = [];
  for await (const chunk of chunks) all.push(...chunk);
  return all;
}

const patient = (): Promise<void> => Promise.resolve();
const numbers = Uint8Array.from({ length: PIECE_BYTES[0] + 5000 }, (_, i) => (i * 7) % 251);

describe('a line', () => {
  it('reads_in_pieces_to_the_end', async () => {
    const { address, asked } = await serve(numbers);
    expect(await gathered(new Line(address).read(0, signal, noPatience))).toEqual([...numbers]);
    expect(asked.length).toBe(2);
  });
  it('goes_on_at_the_byte_where_it_was_cut', async () => {
    const { address, asked } = await serve(numbers, { cuts: [1000, 0, 70_000] });
    expect(await gathered(new Line(address).read(0, signal, patient))).toEqual([...numbers]);
    expect(asked).toContain(`bytes=1000-${1000 + PIECE_BYTES[0] - 1}`);
  });
  it('a_whole_answer_that_was_cut_is_completed_by_a_range', async () => {
    const { address, asked } = await serve(numbers, { cuts: [500] });
    expect(await gathered(new Line(address).read(0, signal, patient, true))).toEqual([...numbers]);
    expect(asked).toEqual(['all', 'bytes=500-']);
  });
  it('an_address_that_expired_is_renewed_without_a_word', async () => {
    const { address } = await serve(numbers, { expired: 1 });
    expect((await gathered(new Line(address).read(0, signal, noPatience))).length).toBe(numbers.length);
  });
  it('what_is_not_there_under_a_new_address_either_is_gone', async () => {
    const { address } = await serve(numbers, { expired: 9 });
    await expect(gathered(new Line(address).read(0, signal, patient))).rejects.toMatchObject({ kind: 'gone' });
  });
  it('without_patience_a_cut_is_told', async () => {
    const { address } = await serve(numbers, { cuts: [10] });
    await expect(gathered(new Line(address).read(0, signal, noPatience))).rejects.toBeInstanceOf(LineTrouble);
  });
  it('bytes_of_two_versions_of_a_file_are_never_mixed', async () => {
    let version = 0;
    const { address } = await serve(numbers, { tag: () => `"${version++}"` });
    await expect(gathered(new Line(address).read(0, signal, patient))).rejects.toMatchObject({ kind: 'changed' });
  });
});

async function opened(file: Uint8Array, manners: Manners = {}): Promise<FlacFile> {
  return FlacFile.open((await serve(file, manners)).address, signal, patient);
}

/** Every frame of what a reading gives, and the places that its fragments claim. */
async function read(file: FlacFile, sample: number): Promise<{ bytes: number[]; start: number; end: number }> {
  const bytes: number[] = [];
  let start = -1;
  let end = -1;
  for await (const piece of file.read(sample, signal, patient)) {
    const times = readFragments(piece.bytes);
    if (!times || piece.end === null) continue;
    expect(end === -1 || times.start === end).toBe(true);
    expect(times.start + times.length).toBe(piece.end);
    if (start < 0) start = times.start;
    end = piece.end;
    const index = new DataView(piece.bytes.buffer).getUint32(0);
    bytes.push(...piece.bytes.subarray(index + 8));
  }
  return { bytes, start, end };
}

const SAMPLES = 123_457;
const flat = (frames: readonly Uint8Array[]): number[] => frames.flatMap((one) => [...one]);

describe('a flac file', () => {
  it('comes_out_frame_for_frame_with_exact_times', async () => {
    const made = flacOf(SAMPLES);
    const file = await opened(made.bytes);
    expect([file.rate, file.channels, file.samples]).toEqual([48_000, 2, SAMPLES]);
    expect(await read(file, 0)).toEqual({ bytes: flat(made.frames), start: 0, end: SAMPLES });
  });
  it('bytes_that_look_like_a_frame_do_not_end_one', async () => {
    // A whole head of the right kind, with the number that would be next, in the middle of each frame.
    const made = flacOf(SAMPLES, { filler: [0xff, 0xf8, ...flacOf(20_000).frames[1]!.slice(2, 8), 0xff, 0xff, 0xf8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] });
    expect((await read(await opened(made.bytes), 0)).bytes).toEqual(flat(made.frames));
  });
  it('tags_around_it_and_large_pictures_in_it_are_passed_over', async () => {
    const before = [0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 5, 9, 9, 9, 9, 9];
    const after = [0x54, 0x41, 0x47, ...Array.from({ length: 125 }, () => 32)];
    const made = flacOf(SAMPLES, { before, after, picture: 400_000 });
    const { address, asked } = await serve(made.bytes);
    const file = await FlacFile.open(address, signal, patient);
    expect((await read(file, 0)).bytes).toEqual(flat(made.frames));
    expect(asked.length).toBe(2);
  });
  it('a_cut_line_leaves_no_trace', async () => {
    const made = flacOf(SAMPLES);
    expect((await read(await opened(made.bytes, { cuts: [60, 200, 3, 100] }), 0)).bytes).toEqual(flat(made.frames));
  });
  it('a_seek_begins_a_little_before_its_target_and_misses_nothing', async () => {
    const made = flacOf(48_000 * 600, { filler: Array.from({ length: 40 }, (_, i) => i) });
    for (const second of [0, 1, 2, 77, 301.7, 599.9]) {
      const sample = Math.round(second * 48_000);
      const { start, end } = await read(await opened(made.bytes), sample);
      expect(start).toBeLessThanOrEqual(sample);
      expect(sample - start).toBeLessThanOrEqual(48_000 * 2);
      expect(end).toBe(48_000 * 600);
    }
  });
  it('a_file_that_does_not_say_its_length_still_ends_exactly', async () => {
    const file = await opened(flacOf(SAMPLES, { said: 0 }).bytes);
    expect(file.samples).toBeNull();
    expect((await read(file, 0)).end).toBe(SAMPLES);
  });
  it('damage_is_told_and_not_played', async () => {
    const made = flacOf(SAMPLES);
    const bad = made.bytes.slice();
    bad[made.soundAt + 60] = (bad[made.soundAt + 60] as number) ^ 0x40;
    const file = await opened(bad);
    await expect(read(file, 0)).rejects.toBeInstanceOf(BadSound);
    await expect(opened(Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]))).rejects.toBeInstanceOf(BadSound);
    await expect(opened(made.bytes.slice(0, 20))).rejects.toBeInstanceOf(BadSound);
    const cutOff = await opened(made.bytes.slice(0, -3));
    await expect(read(cutOff, 0)).rejects.toBeInstanceOf(BadSound);
  });
  it('no_head_is_read_beyond_the_bytes_there_are', () => {
    const made = flacOf(9000);
    const head = readStreamInfo(made.bytes.subarray(8));
    for (let cut = 0; cut < 8; cut++) expect(readFrameHead(made.frames[0]!.subarray(0, cut), 0, head)).toBeNull();
    expect(readFrameHead(made.frames[1]!, 0, head)).toMatchObject({ start: 4096, samples: 4096 });
  });
});

describe('boxes', () => {
  const head = readStreamInfo(flacOf(5000, { rate: 96_000 }).bytes.subarray(8));
  it('what_is_written_is_read_again', () => {
    expect(readInit(flacInit(head))).toEqual({ timescale: 96_000, channels: 2, codec: 'fLaC', delay: 0 });
    const one = fragment(1, 2 ** 33 + 5, [{ bytes: new Uint8Array(10), samples: 4096 }, { bytes: new Uint8Array(7), samples: 33 }]);
    expect(readFragments(one)).toEqual({ start: 2 ** 33 + 5, length: 4129 });
    const two = fragment(2, 2 ** 33 + 4134, [{ bytes: new Uint8Array(3), samples: 66 }]);
    expect(readFragments(Uint8Array.from([...one, ...two]))).toEqual({ start: 2 ** 33 + 5, length: 4195 });
  });
  it('half_a_box_is_none', () => {
    expect(readInit(flacInit(head).subarray(0, 300))).toBeNull();
    expect(readFragments(fragment(1, 0, [{ bytes: new Uint8Array(10), samples: 1 }]).subarray(0, 40))).toBeNull();
  });
});

describe('playlists', () => {
  const master = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=900000,AVERAGE-BANDWIDTH=800000,CODECS="fLaC"\nflac.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=130000,CODECS="opus"\nopus-128.m3u8\n';
  it('the_lossless_variant_is_found_or_missing', () => {
    expect(flacVariant(master)).toBe('flac.m3u8');
    expect(flacVariant(master.replace('fLaC', 'mp4a.40.2'))).toBeNull();
  });
  it('segments_come_with_their_lengths', () => {
    const text = '#EXTM3U\n#EXT-X-MAP:URI="flac/init-0a.mp4"\n#EXTINF:4.010667,\nflac/1.m4s\n#EXTINF:1.5,\nflac/2.m4s\n#EXT-X-ENDLIST\n';
    expect(readPlaylist(text)).toEqual({ init: 'flac/init-0a.mp4', segments: [{ url: 'flac/1.m4s', ms: 4010.667 }, { url: 'flac/2.m4s', ms: 1500 }], ended: true });
    expect(readPlaylist('#EXTM3U\n')).toBeNull();
  });
});
