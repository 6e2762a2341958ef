/** For tests: a FLAC file of frames that each hold one value for all their samples, as the format's simplest subframe does. */
import { crc16, crc8 } from './flac';

export interface Made {
  bytes: Uint8Array<ArrayBuffer>;
  /** Where the first frame begins. */
  soundAt: number;
  /** Bytes of each frame. */
  frames: Uint8Array[];
}

const BLOCK = 4096;

function coded(n: number): number[] {
  if (n < 0x80) return [n];
  if (n < 0x800) return [0xc0 | (n >> 6), 0x80 | (n & 63)];
  return [0xe0 | (n >> 12), 0x80 | ((n >> 6) & 63), 0x80 | (n & 63)];
}

function frame(number: number, samples: number, filler: readonly number[]): Uint8Array {
  const head = [0xff, 0xf8, 0x70, 0x10 | 0x08, ...coded(number), (samples - 1) >> 8, (samples - 1) & 255];
  head.push(crc8(Uint8Array.from(head), 0, head.length));
  // Two subframes, each a kind and a value of 16 bits; what stands between plays the part of a longer frame.
  const body = [...head, 0, 0x12, 0x34, ...filler, 0, 0x56, 0x78];
  const sum = crc16(Uint8Array.from(body), 0, body.length);
  return Uint8Array.from([...body, sum >> 8, sum & 255]);
}

export function flacOf(samples: number, { rate = 48_000, before = [] as number[], after = [] as number[], picture = 0, filler = [] as number[], said = samples } = {}): Made {
  const info = [
    ...[BLOCK >> 8, BLOCK & 255, BLOCK >> 8, BLOCK & 255, 0, 0, 0, 0, 0, 0],
    (rate >> 12) & 255, (rate >> 4) & 255, ((rate & 15) << 4) | (1 << 1), 0xf0,
    ...[24, 16, 8, 0].map((shift) => (said >>> shift) & 255), ...Array.from({ length: 16 }, () => 7),
  ];
  const block = (kind: number, body: readonly number[]): number[] => [kind, body.length >> 16, (body.length >> 8) & 255, body.length & 255, ...body];
  const head = [...before, 0x66, 0x4c, 0x61, 0x43, ...block(0, info), ...block(6, Array.from({ length: picture }, () => 0xff)), ...block(0x84, [1, 2, 3])];
  const frames = Array.from({ length: Math.ceil(samples / BLOCK) }, (_, i) => frame(i, Math.min(BLOCK, samples - i * BLOCK), filler));
  return { bytes: Uint8Array.from([...head, ...frames.flatMap((one) => [...one]), ...after]), soundAt: head.length, frames };
}
