/**
 * FLAC by the frame (RFC 9639): what the head of a file says, and where each frame begins, ends and belongs, without
 * decoding any. Frames are found by their sync code and proven by both of their checksums.
 */

/** The file is not what it should be; another way to play it may exist. */
/** What a buffer for FLAC is opened for. */
export const FLAC_MIME = 'audio/mp4; codecs="flac"';

export class BadSound extends Error {}

export interface FlacHead {
  rate: number;
  channels: number;
  /** Samples of each channel; 0 when the file does not say. */
  samples: number;
  /** Samples in a frame, where all but the last have as many; 0 where they differ. */
  block: number;
  /** The least bytes that a frame has. */
  frameBytesMin: number;
  /** The block that decoders want to see. */
  streamInfo: Uint8Array;
}

export interface SeekPoint {
  sample: number;
  /** Bytes from the first frame. */
  offset: number;
}

export interface FrameHead {
  /** Samples before it. */
  start: number;
  samples: number;
  /** Bytes of the head itself. */
  bytes: number;
}

export const STREAMINFO_BYTES = 34;
/** The longest head: sync and codes, a coded number, two sizes, a checksum. */
export const FRAME_HEAD_BYTES_MAX = 4 + 7 + 4 + 1;
/** No frame is longer: 65,535 samples in eight channels of 32 bits, verbatim, would be; nobody writes those. */
export const FRAME_BYTES_MAX = 1 << 20;
/** Marks a seek point that holds a place and points nowhere. */
const PLACEHOLDER = 0xffffffff;
const SEEK_POINT_BYTES = 18;

const crc8Table = table8(0x07);
const crc16Table = table16(0x8005);

function table8(polynomial: number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80 ? ((crc << 1) ^ polynomial) & 0xff : crc << 1;
    return crc;
  });
}

function table16(polynomial: number): Uint16Array {
  return Uint16Array.from({ length: 256 }, (_, byte) => {
    let crc = byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ polynomial) & 0xffff : crc << 1;
    return crc;
  });
}

export function crc8(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0;
  for (let i = from; i < to; i++) crc = crc8Table[crc ^ (bytes[i] as number)] as number;
  return crc;
}

/** Goes on from `crc`; over a whole frame with its own checksum it comes to 0. */
export function crc16(bytes: Uint8Array, from: number, to: number, crc = 0): number {
  for (let i = from; i < to; i++) crc = ((crc << 8) & 0xffff) ^ (crc16Table[(crc >> 8) ^ (bytes[i] as number)] as number);
  return crc;
}

/** Bytes of an ID3v2 tag that some programs put before the file; 0 when there is none. Needs 10 bytes. */
export function id3Bytes(bytes: Uint8Array): number {
  const [i, d, three, , , flags = 0, ...size] = bytes;
  if (i !== 0x49 || d !== 0x44 || three !== 0x33) return 0;
  const [a = 0, b = 0, c = 0, e = 0] = size;
  return 10 + ((a << 21) | (b << 14) | (c << 7) | e) + (flags & 0x10 ? 10 : 0);
}

export function isFlac(bytes: Uint8Array): boolean {
  return bytes[0] === 0x66 && bytes[1] === 0x4c && bytes[2] === 0x61 && bytes[3] === 0x43;
}

/** The head of a metadata block. Needs 4 bytes. */
export function blockHead(bytes: Uint8Array): { last: boolean; kind: number; bytes: number } {
  const [first = 0, a = 0, b = 0, c = 0] = bytes;
  return { last: (first & 0x80) !== 0, kind: first & 0x7f, bytes: (a << 16) | (b << 8) | c };
}

export function readStreamInfo(bytes: Uint8Array): FlacHead {
  if (bytes.length < STREAMINFO_BYTES) throw new BadSound('The head of the file is cut off.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [least, most] = [view.getUint16(0), view.getUint16(2)];
  const packed = view.getUint32(10);
  const rate = packed >>> 12;
  if (rate === 0) throw new BadSound('The file does not say its sample rate.');
  return {
    rate,
    channels: ((packed >>> 9) & 7) + 1,
    samples: (view.getUint8(13) & 0x0f) * 2 ** 32 + view.getUint32(14),
    block: least === most ? most : 0,
    frameBytesMin: Math.max(FRAME_HEAD_BYTES_MAX - 5, (view.getUint16(4) << 8) | view.getUint8(6)),
    streamInfo: bytes.slice(0, STREAMINFO_BYTES),
  };
}

export function readSeekTable(bytes: Uint8Array): SeekPoint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const points: SeekPoint[] = [];
  for (let at = 0; at + SEEK_POINT_BYTES <= bytes.length; at += SEEK_POINT_BYTES) {
    if (view.getUint32(at) === PLACEHOLDER) continue;
    const wide = (from: number): number => view.getUint32(from) * 2 ** 32 + view.getUint32(from + 4);
    points.push({ sample: wide(at), offset: wide(at + 8) });
  }
  return points;
}

/** A number in the manner of UTF-8, up to 36 bits; null when it is none. */
function codedNumber(bytes: Uint8Array, at: number): { value: number; bytes: number } | null {
  const first = bytes[at] as number;
  if (first < 0x80) return { value: first, bytes: 1 };
  let more = 0;
  while (more < 7 && first & (0x40 >> more)) more += 1;
  if (more === 0 || more > 6) return null;
  let value = first & (0x3f >> more);
  for (let i = 1; i <= more; i++) {
    const byte = bytes[at + i] as number;
    if ((byte & 0xc0) !== 0x80) return null;
    value = value * 64 + (byte & 0x3f);
  }
  return { value, bytes: more + 1 };
}

/** The head of the frame that begins at `at`, or null when none does. Needs `FRAME_HEAD_BYTES_MAX` bytes there or the end. */
export function readFrameHead(bytes: Uint8Array, at: number, head: FlacHead): FrameHead | null {
  if (bytes[at] !== 0xff || ((bytes[at + 1] as number) & 0xfe) !== 0xf8 || at + 6 > bytes.length) return null;
  const variable = ((bytes[at + 1] as number) & 1) === 1;
  const [sizeCode, rateCode] = [(bytes[at + 2] as number) >> 4, (bytes[at + 2] as number) & 15];
  const layout = (bytes[at + 3] as number) >> 4;
  if (sizeCode === 0 || rateCode === 15 || layout > 10 || ((bytes[at + 3] as number) & 1) !== 0) return null;
  if ((layout > 7 ? 2 : layout + 1) !== head.channels) return null;
  const number = codedNumber(bytes, at + 4);
  if (!number) return null;
  let end = at + 4 + number.bytes;
  let samples = sizeCode === 1 ? 192 : sizeCode < 6 ? 576 << (sizeCode - 2) : sizeCode < 8 ? 0 : 256 << (sizeCode - 8);
  if (sizeCode === 6) samples = (bytes[end++] as number) + 1;
  if (sizeCode === 7) {
    samples = (((bytes[end] as number) << 8) | (bytes[end + 1] as number)) + 1;
    end += 2;
  }
  end += rateCode === 12 ? 1 : rateCode > 12 ? 2 : 0;
  if (end >= bytes.length || crc8(bytes, at, end) !== bytes[end]) return null;
  if (!variable && head.block === 0) return null;
  return { start: variable ? number.value : number.value * head.block, samples, bytes: end + 1 - at };
}
