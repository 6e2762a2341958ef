/** The few boxes of fragmented MP4 (ISO/IEC 14496-12) that carry sound: writing them around frames of FLAC, and reading times from them. */
import type { FlacHead } from './flac';

const TRACK = 1;
/** Each sample can be decoded by itself. */
const SYNC_SAMPLE = 0x02000000;
const UNITY = 0x00010000;
const MATRIX = [UNITY, 0, 0, 0, UNITY, 0, 0, 0, 0x40000000];
/** `und`, in the packing of the box. */
const UNDETERMINED = 0x55c4;

type Bytes = Uint8Array | readonly number[];

const u16 = (n: number): number[] => [(n >>> 8) & 255, n & 255];
const u32 = (n: number): number[] => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
const u64 = (n: number): number[] => [...u32(Math.floor(n / 2 ** 32)), ...u32(n % 2 ** 32)];
const word = (text: string): number[] => [...text].map((c) => c.charCodeAt(0));

function box(kind: string, ...parts: Bytes[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 8);
  const out = new Uint8Array(length);
  out.set([...u32(length), ...word(kind)]);
  let at = 8;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const full = (kind: string, version: number, flags: number, ...parts: Bytes[]): Uint8Array =>
  box(kind, [version, (flags >>> 16) & 255, (flags >>> 8) & 255, flags & 255], ...parts);

/** The initialisation segment of a FLAC stream, whose clock ticks once a sample. */
export function flacInit(head: FlacHead): Uint8Array {
  const { rate, channels, streamInfo } = head;
  const bits = (((streamInfo[12] as number) & 1) << 4) + ((streamInfo[13] as number) >> 4) + 1;
  // A rate that the old field can't hold is told by the stream's own description alone.
  const rateField = rate < 65_536 ? u32(rate * 65_536) : u32(0);
  const description = full('dfLa', 0, 0, [0x80, 0, 0, streamInfo.length], streamInfo);
  const entry = box('fLaC', [0, 0, 0, 0, 0, 0], u16(1), u32(0), u32(0), u16(channels), u16(bits), u32(0), rateField, description);
  const empty = (kind: string, fields: number): Uint8Array => full(kind, 0, 0, ...Array.from({ length: fields }, () => u32(0)));
  const table = box('stbl', full('stsd', 0, 0, u32(1), entry), empty('stts', 1), empty('stsc', 1), empty('stsz', 2), empty('stco', 1));
  const media = box(
    'mdia',
    full('mdhd', 0, 0, u32(0), u32(0), u32(rate), u32(0), u16(UNDETERMINED), u16(0)),
    full('hdlr', 0, 0, u32(0), word('soun'), u32(0), u32(0), u32(0), word('Sound\0')),
    box('minf', full('smhd', 0, 0, u32(0)), box('dinf', full('dref', 0, 0, u32(1), full('url ', 0, 1))), table),
  );
  const matrix = MATRIX.flatMap(u32);
  const track = full('tkhd', 0, 3, u32(0), u32(0), u32(TRACK), u32(0), u32(0), u64(0), u16(0), u16(0), u16(0x0100), u16(0), matrix, u32(0), u32(0));
  const movie = full('mvhd', 0, 0, u32(0), u32(0), u32(rate), u32(0), u32(UNITY), u16(0x0100), u16(0), u64(0), matrix, ...Array.from({ length: 6 }, () => u32(0)), u32(TRACK + 1));
  const extends_ = box('mvex', full('trex', 0, 0, u32(TRACK), u32(1), u32(0), u32(0), u32(SYNC_SAMPLE)));
  return new Uint8Array([
    ...box('ftyp', word('iso6'), u32(0), word('iso6'), word('mp41')),
    ...box('moov', movie, box('trak', track, media), extends_),
  ]);
}

export interface Sample {
  bytes: Uint8Array;
  samples: number;
}

/** A fragment of samples that follow one another from `start`. */
export function fragment(number: number, start: number, samples: readonly Sample[]): Uint8Array {
  const entries = samples.flatMap((one) => [...u32(one.samples), ...u32(one.bytes.length)]);
  const make = (offset: number): Uint8Array =>
    box(
      'moof',
      full('mfhd', 0, 0, u32(number)),
      box('traf', full('tfhd', 0, 0x020000, u32(TRACK)), full('tfdt', 1, 0, u64(start)), full('trun', 0, 0x000301, u32(samples.length), u32(offset), entries)),
    );
  // The data begins after the head of its own box; how long the index is does not hang on the number in it.
  const index = make(make(0).length + 8);
  const length = samples.reduce((sum, one) => sum + one.bytes.length, 8);
  const out = new Uint8Array(index.length + length);
  out.set(index);
  out.set([...u32(length), ...word('mdat')], index.length);
  let at = index.length + 8;
  for (const one of samples) {
    out.set(one.bytes, at);
    at += one.bytes.length;
  }
  return out;
}

interface Found {
  kind: string;
  /** What is inside. */
  body: Uint8Array;
}

/** The boxes that lie side by side in these bytes; an unfinished last one is left out. */
function boxes(bytes: Uint8Array): Found[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: Found[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at);
    if (length < 8 || at + length > bytes.length) break;
    found.push({ kind: String.fromCharCode(...bytes.subarray(at + 4, at + 8)), body: bytes.subarray(at + 8, at + length) });
    at += length;
  }
  return found;
}

/** The first box down a path of kinds. */
function inside(bytes: Uint8Array, ...path: string[]): Uint8Array | null {
  let body: Uint8Array | undefined = bytes;
  for (const kind of path) {
    body = boxes(body).find((one) => one.kind === kind)?.body;
    if (!body) return null;
  }
  return body;
}

const SAMPLE_ENTRY_HEAD = 8;
/** And with what every sound has, before the boxes of its codec. */
const SAMPLE_ENTRY_LENGTH = 28;

/** Clock, channels and codec of an initialisation segment with one track of sound; null when it is something else. */
export function readInit(bytes: Uint8Array): { timescale: number; channels: number; codec: string; delay: number } | null {
  const media = inside(bytes, 'moov', 'trak', 'mdia');
  const clock = media && inside(media, 'mdhd');
  const table = media && inside(media, 'minf', 'stbl', 'stsd');
  const entry = table && boxes(table.subarray(8))[0];
  if (!clock || !entry || entry.body.length < 28) return null;
  const view = (part: Uint8Array): DataView => new DataView(part.buffer, part.byteOffset, part.byteLength);
  return {
    timescale: view(clock).getUint32(clock[0] === 1 ? 20 : 12),
    channels: view(entry.body).getUint16(SAMPLE_ENTRY_HEAD + 8),
    codec: entry.kind,
    delay: readDelay(bytes),
  };
}

/** Ticks at the beginning that are not to be heard: where the one entry of the edit list begins. */
function readDelay(bytes: Uint8Array): number {
  const edits = inside(bytes, 'moov', 'trak', 'edts', 'elst');
  if (!edits || edits.length < 16) return 0;
  const view = new DataView(edits.buffer, edits.byteOffset, edits.byteLength);
  if (edits[0] !== 1) return view.getUint32(12);
  return edits.length < 24 ? 0 : view.getUint32(16) * 2 ** 32 + view.getUint32(20);
}

/** Writes into the initialisation segment of an Opus stream that nothing is to be skipped; its edit list says what is. */
export function forgetPreSkip(bytes: Uint8Array): void {
  const table = inside(bytes, 'moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd');
  const entry = table && boxes(table.subarray(8))[0];
  const head = entry?.kind === 'Opus' && boxes(entry.body.subarray(SAMPLE_ENTRY_LENGTH)).find((one) => one.kind === 'dOps')?.body;
  // Version and channels come first.
  if (head && head.length >= 4) head.fill(0, 2, 4);
}

/**
 * Gives the last codec frame of a stream its whole length, where its container says a shorter one: a decoder gives all of it
 * nevertheless, and a buffer cuts off only what it knows to be there.
 */
export function completeLastFrame(bytes: Uint8Array, ticks: number): void {
  const moof = boxes(bytes).findLast((one) => one.kind === 'moof')?.body;
  const traf = moof && inside(moof, 'traf');
  const run = traf && boxes(traf).findLast((one) => one.kind === 'trun')?.body;
  const head = traf && inside(traf, 'tfhd');
  if (!run || !head) return;
  const view = (part: Uint8Array): DataView => new DataView(part.buffer, part.byteOffset, part.byteLength);
  const { flags, count, width, from } = readRun(view(run));
  // Told for each frame, or, where there is but one, for all of them.
  const [fields, at] = flags & 0x100 ? [view(run), from + (count - 1) * width] : [view(head), usualAt(head)];
  const told = flags & 0x100 ? count > 0 : count === 1 && at !== null;
  if (told && at !== null && fields.getUint32(at) < ticks) fields.setUint32(at, ticks);
}

/** Where the head of a fragment says how long its samples are, if it does. */
function usualAt(head: Uint8Array): number | null {
  const flags = new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(0) & 0xffffff;
  return flags & 0x08 ? 8 + (flags & 0x01 ? 8 : 0) + (flags & 0x02 ? 4 : 0) : null;
}

/** When fragments that follow one another begin and how long they are together, in ticks; null when there is none. */
export function readFragments(bytes: Uint8Array): { start: number; length: number } | null {
  const all = boxes(bytes).filter((one) => one.kind === 'moof').map(({ body }) => readFragment(body));
  const [first] = all;
  if (!first || all.includes(null)) return null;
  return { start: first.start, length: all.reduce((sum, one) => sum + (one?.length ?? 0), 0) };
}

function readFragment(moof: Uint8Array): { start: number; length: number } | null {
  const traf = inside(moof, 'traf');
  const [head, time] = traf ? [inside(traf, 'tfhd'), inside(traf, 'tfdt')] : [null, null];
  if (!traf || !head || !time) return null;
  const view = (part: Uint8Array): DataView => new DataView(part.buffer, part.byteOffset, part.byteLength);
  const clock = view(time);
  const start = time[0] === 1 ? clock.getUint32(4) * 2 ** 32 + clock.getUint32(8) : clock.getUint32(4);
  const at = usualAt(head);
  const usual = at === null ? 0 : view(head).getUint32(at);
  let length = 0;
  for (const { body } of boxes(traf).filter((one) => one.kind === 'trun')) length += runTicks(view(body), usual);
  return { start, length };
}

/** How many samples a run of them has, and where each of them is described. */
function readRun(run: DataView): { flags: number; count: number; width: number; from: number } {
  const flags = run.getUint32(0) & 0xffffff;
  const width = 4 * [0x100, 0x200, 0x400, 0x800].filter((flag) => flags & flag).length;
  return { flags, count: run.getUint32(4), width, from: 8 + (flags & 0x01 ? 4 : 0) + (flags & 0x04 ? 4 : 0) };
}

function runTicks(run: DataView, usual: number): number {
  const { flags, count, width, from } = readRun(run);
  if (!(flags & 0x100)) return count * usual;
  let ticks = 0;
  for (let i = 0; i < count; i++) ticks += run.getUint32(from + i * width);
  return ticks;
}
