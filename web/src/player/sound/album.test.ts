import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AlbumRun, TrackGrant } from '../../api/types';
import { AlbumTrack, choose, variants } from './album';
import { fits } from './feed';
import { noPatience } from './line';
import { completeLastFrame, forgetPreSkip, fragment, readFragments, readInit } from './mp4';

/** As ffmpeg writes it for Opus: 48,000 ticks a second, a delay of 312. */
const INIT = Uint8Array.from(
  atob(
    'AAAAHGZ0eXBpc281AAACAGlzbzVpc282bXA0MQAAApltb292AAAAbG12aGQAAAAAAAAAAAAAAAAAAAPoAAAAAAABAAABAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAAABwHRyYWsAAABcdGtoZAAAAAMAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAQEAAAAAAQAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAACRlZHRzAAAAHGVsc3QAAAAAAAAAAQAAAAAAAAE4AAEAAAAAAThtZGlhAAAAIG1kaGQAAAAAAAAAAAAAAAAAALuAAAAAAFXEAAAAAAAtaGRscgAAAAAAAAAAc291bgAAAAAAAAAAAAAAAFNvdW5kSGFuZGxlcgAAAADjbWluZgAAABBzbWhkAAAAAAAAAAAAAAAkZGluZgAAABxkcmVmAAAAAAAAAAEAAAAMdXJsIAAAAAEAAACnc3RibAAAAFtzdHNkAAAAAAAAAAEAAABLT3B1cwAAAAAAAAABAAAAAAAAAAAAAgAQAAAAALuAAAAAAAATZE9wcwACATgAALuAAAAAAAAAFGJ0cnQAAAAAAAH0AAAB9AAAAAAQc3R0cwAAAAAAAAAAAAAAEHN0c2MAAAAAAAAAAAAAABRzdHN6AAAAAAAAAAAAAAAAAAAAEHN0Y28AAAAAAAAAAAAAAChtdmV4AAAAIHRyZXgAAAAAAAAAAQAAAAEAAAAAAAAAAAAAAAAAAAA9dWR0YQAAADVtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABtZGlyYXBwbAAAAAAAAAAAAAAAAAhpbHN0',
  ),
  (letter) => letter.charCodeAt(0),
);
const MASTER = `#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=260000,AVERAGE-BANDWIDTH=255000,CODECS="mp4a.40.2"
aac-256.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=70000,AVERAGE-BANDWIDTH=65000,CODECS="Opus"
opus-64.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=900000,AVERAGE-BANDWIDTH=800000,CODECS="fLaC"
flac.m3u8
`;
const SECOND = 48_000;
/** Segments of a second, of fifty codec frames each. */
const segment = (number: number): Uint8Array =>
  fragment(number, number * SECOND, Array.from({ length: 50 }, () => ({ bytes: Uint8Array.of(number), samples: 960 })));

let server: Server;
let asked: string[];
/** How many segments there are, and whether there will be more. */
let there: { count: number; ended: boolean };

beforeEach(async () => {
  asked = [];
  there = { count: 12, ended: true };
  server = createServer((request, response) => {
    const name = request.url?.slice(1) ?? '';
    asked.push(name);
    const list = `#EXTM3U\n#EXT-X-MAP:URI="init.mp4"\n${Array.from({ length: there.count }, (_, i) => `#EXTINF:1.000000,\n${i}.m4s\n`).join('')}${there.ended ? '#EXT-X-ENDLIST\n' : ''}`;
    const body = name === 'master.m3u8' ? MASTER : name.endsWith('.m3u8') ? list : name === 'init.mp4' ? INIT : segment(parseInt(name, 10));
    response.end(body);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  vi.stubGlobal('location', { href: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
  vi.stubGlobal('MediaSource', { isTypeSupported: (mime: string) => mime !== 'audio/mp4; codecs="mp4a.40.2"' });
});
afterEach(() => {
  vi.unstubAllGlobals();
  server.closeAllConnections();
  server.close();
});

const run = (start: number, end: number | null, more: Partial<AlbumRun> = {}): AlbumRun => ({
  media_id: '7', hls: new URL('master.m3u8', location.href).href, state: end === null ? 'encoding' : 'ready', rate_hz: 44_100, start_sample: start, end_sample: end, ...more,
});
const grant = (found: AlbumRun | null): TrackGrant => ({ media_id: '1', expires_at: '', state: 'none', duration_ms: 0, run: found });
const signal = new AbortController().signal;

async function open(found: AlbumRun, later = found, lengthMs = 4000): Promise<AlbumTrack> {
  const track = await AlbumTrack.open(grant(found), () => Promise.resolve(grant(later)), 'high', lengthMs, signal, noPatience);
  if (!track) throw new Error('it did not open');
  return track;
}

/** The segments that were read, in order, and where it ended. */
async function read(pieces: AsyncGenerator<{ bytes: Uint8Array; end: number | null }>): Promise<{ segments: string[]; end: number | null }> {
  asked = [];
  let end: number | null = null;
  for await (const piece of pieces) end = piece.end ?? end;
  return { segments: asked.filter((name) => name.endsWith('.m4s')).map((name) => name.slice(0, -4)), end };
}

describe('the run of an album', () => {
  it('the_best_rendition_with_loss_that_plays_is_taken_or_the_smallest', () => {
    const found = variants(MASTER);
    expect(found.map((one) => one.url)).toEqual(['aac-256.m3u8', 'opus-64.m3u8', 'flac.m3u8']);
    expect(choose(found, 'high', () => true)?.url).toBe('aac-256.m3u8');
    expect(choose(found, 'high', (mime) => mime === 'audio/mp4; codecs="opus"')?.url).toBe('opus-64.m3u8');
    expect(choose(found, 'low', () => true)?.url).toBe('opus-64.m3u8');
    expect(choose(found, 'low', () => false)).toBeNull();
  });

  it('what_is_skipped_at_the_beginning_is_said_once', () => {
    const bytes = INIT.slice();
    expect(readInit(bytes)).toEqual({ timescale: 48_000, channels: 2, codec: 'Opus', delay: 312 });
    forgetPreSkip(bytes);
    const changed = [...bytes.keys()].filter((at) => bytes[at] !== INIT[at]);
    expect(changed.map((at) => INIT[at])).toEqual([0x01, 0x38]);
    expect(readInit(bytes)?.delay).toBe(312);
  });

  it('the_last_frame_is_as_long_as_its_codec_gives_it', () => {
    const several = fragment(0, 0, [960, 960, 300].map((samples) => ({ bytes: new Uint8Array(3), samples })));
    completeLastFrame(several, 960);
    expect(readFragments(several)).toEqual({ start: 0, length: 2880 });
    const whole = several.slice();
    completeLastFrame(whole, 960);
    expect(whole).toEqual(several);
    // Of one alone ffmpeg says the length in the head of the fragment.
    const alone = Uint8Array.from(
      '00000054 6d6f6f66 00000010 6d666864 00000000 0000000c 0000003c 74726166 0000001c 74666864 00020038 00000001 0000006c 0000000a 02000000 00000010 74666474 00000000 00000000 00000014 7472756e 00000001 00000001 0000005c'
        .replaceAll(' ', '').match(/../g)!.map((byte) => parseInt(byte, 16)),
    );
    alone[3] = alone.length;
    alone[27] = alone.length - 24;
    expect(readFragments(alone)).toEqual({ start: 0, length: 0x6c });
    completeLastFrame(alone, 960);
    expect(readFragments(alone)).toEqual({ start: 0, length: 960 });
  });

  it('a_range_counts_by_the_clock_of_its_rendition_and_is_read_with_a_run_up', async () => {
    const track = await open(run(88_200 + 22_050, 220_500));
    expect([track.mime, track.rate, track.start, track.samples]).toEqual(['audio/mp4; codecs="opus"', 48_000, 120_000, 120_000]);
    // From 2.5 s to 5 s: what begins at 2 s holds the run-up, what begins at 4 s the last samples and the delay of the next.
    expect(await read(track.read(0, signal, noPatience))).toEqual({ segments: ['2', '3', '4', '5'], end: 120_000 });
    expect((await read(track.read(72_000, signal, noPatience))).segments).toEqual(['3', '4', '5']);
    expect(track.tail()?.from).toBe(5 * SECOND - 312 - 120_000);
  });

  it('the_next_track_goes_on_in_the_stream_and_another_one_does_not', async () => {
    const [first, next, far] = [await open(run(0, 110_250)), await open(run(110_250, 220_500)), await open(run(220_500, 330_750))];
    const other = await open(run(110_250, 220_500, { media_id: '8' }));
    expect([fits(next, first), fits(far, first), fits(other, first), fits(first, next)]).toEqual([true, false, false, false]);
    expect((await read(first.read(0, signal, noPatience))).segments).toEqual(['0', '1', '2']);
    expect(await read(next.goOn(first, false, signal, noPatience))).toEqual({ segments: ['3', '4', '5'], end: 120_000 });
    // What was cut off behind its end is read once more.
    expect((await read(next.goOn(first, true, signal, noPatience))).segments).toEqual(['2', '3', '4', '5']);
  });

  it('a_track_that_is_in_a_segment_with_its_neighbours_needs_nothing_more', async () => {
    const [first, tiny, last] = [await open(run(0, 100_000)), await open(run(100_000, 110_000)), await open(run(110_000, 220_500))];
    expect((await read(first.read(0, signal, noPatience))).segments).toEqual(['0', '1', '2']);
    expect(await read(tiny.goOn(first, false, signal, noPatience))).toEqual({ segments: [], end: Math.round((110_000 * 48) / 44.1) - Math.round((100_000 * 48) / 44.1) });
    expect((await read(last.goOn(tiny, false, signal, noPatience))).segments).toEqual(['3', '4', '5']);
  });

  it('a_run_that_still_grows_is_waited_for_and_its_end_is_asked_for', async () => {
    there = { count: 2, ended: false };
    const track = await open(run(0, null), run(0, 132_300));
    expect(track.samples).toBeNull();
    setTimeout(() => (there = { count: 5, ended: false }), 100);
    expect(await read(track.read(0, signal, noPatience))).toEqual({ segments: ['0', '1', '2', '3'], end: 144_000 });
    expect(track.samples).toBe(144_000);
  });

  it('nothing_of_two_runs_is_mixed', async () => {
    const track = await open(run(0, null), run(0, 44_100, { media_id: '9' }));
    await expect(read(track.read(0, signal, noPatience))).rejects.toMatchObject({ kind: 'changed' });
    const gone = await AlbumTrack.open(grant(run(0, 1, { hls: null })), () => Promise.reject(new Error('not asked')), 'high', 1, signal, noPatience);
    expect(gone).toBeNull();
    expect(await AlbumTrack.open(grant(null), () => Promise.reject(new Error('not asked')), 'high', 1, signal, noPatience)).toBeNull();
  });
});
