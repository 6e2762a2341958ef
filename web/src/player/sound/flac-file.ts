/** A FLAC file as it came, cut into fragments of MP4 on its way: nothing is decoded, nothing need be encoded first. */
import type { Feed, Piece } from './feed';
import {
  BadSound, FLAC_MIME, blockHead, crc16, FRAME_BYTES_MAX, FRAME_HEAD_BYTES_MAX, id3Bytes, isFlac, readFrameHead, readSeekTable, readStreamInfo, STREAMINFO_BYTES,
  type FlacHead, type FrameHead, type SeekPoint,
} from './flac';
import { Line, type Address, type Patience } from './line';
import { flacInit, fragment, type Sample } from './mp4';
import { Tape } from './tape';

const STREAMINFO = 0;
const SEEKTABLE = 3;
const INVALID = 127;
const BLOCKS_MAX = 10_000;
const SEEKTABLE_BYTES_MAX = 1 << 20;
/** A tag of the oldest kind at the end, which some programs write behind the sound. */
const ID3V1_BYTES = 128;
/** Enough to start with; then little at a time, so that a slow line is used as soon as it gives; then few and large. */
const FRAGMENT_S = { first: 0.3, early: 0.2, later: 1 } as const;
const EARLY_FRAGMENTS = 40;
/** A seek that lands this near before its target reads on from there. */
const NEAR_S = 1.5;
const SEEK_TRIES_MAX = 12;

interface Frame extends FrameHead {
  bytes: number;
}

export class FlacFile implements Feed {
  readonly mime = FLAC_MIME;

  private constructor(
    private readonly line: Line,
    private readonly head: FlacHead,
    private readonly points: readonly SeekPoint[],
    /** Where the first frame begins. */
    private readonly soundAt: number,
    private tape: Tape | null,
  ) {}

  get rate(): number {
    return this.head.rate;
  }

  get channels(): number {
    return this.head.channels;
  }

  get samples(): number | null {
    return this.head.samples || null;
  }

  static async open(address: Address, signal: AbortSignal, patience: Patience): Promise<FlacFile> {
    const line = new Line(address);
    const tape = new Tape(line, signal, patience);
    if (!(await tape.hold(10))) throw new BadSound('The file is empty.');
    const tag = id3Bytes(tape.bytes);
    if (tag > 0) await tape.reach(tag);
    if (!(await tape.hold(4)) || !isFlac(tape.bytes)) throw new BadSound('The file is not FLAC.');
    tape.skip(4);
    let head: FlacHead | null = null;
    let points: SeekPoint[] = [];
    for (let count = 0; count < BLOCKS_MAX; count++) {
      if (!(await tape.hold(4))) throw new BadSound('The head of the file is cut off.');
      const block = blockHead(tape.bytes);
      tape.skip(4);
      if (block.kind === INVALID) throw new BadSound('The head of the file is damaged.');
      const wanted = block.kind === STREAMINFO ? STREAMINFO_BYTES : block.kind === SEEKTABLE && block.bytes <= SEEKTABLE_BYTES_MAX ? block.bytes : 0;
      if (wanted > 0) {
        if (!(await tape.hold(wanted))) throw new BadSound('The head of the file is cut off.');
        if (block.kind === STREAMINFO) head = readStreamInfo(tape.bytes);
        else points = readSeekTable(tape.bytes.subarray(0, wanted));
      }
      await tape.reach(tape.at + block.bytes);
      if (block.last) break;
    }
    if (!head) throw new BadSound('The file does not say what it holds.');
    return new FlacFile(line, head, points, tape.at, tape);
  }

  async *read(sample: number, signal: AbortSignal, patience: Patience): AsyncGenerator<Piece> {
    yield { bytes: flacInit(this.head) as Uint8Array<ArrayBuffer>, end: null };
    // What came along with the head is used once: it is most often where the sound begins.
    const tape = this.tape ?? new Tape(this.line, signal, patience, this.soundAt);
    this.tape = null;
    tape.adopt(signal, patience);
    if (sample >= this.rate * NEAR_S) await this.#seek(tape, sample);
    let held: Sample[] = [];
    let [start, length, number] = [0, 0, 1];
    for (;;) {
      const frame = await this.#frame(tape);
      if (frame) {
        if (held.length === 0) start = frame.start;
        held.push({ bytes: tape.bytes.slice(0, frame.bytes), samples: frame.samples });
        length += frame.samples;
        tape.skip(frame.bytes);
      }
      const enough = FRAGMENT_S[number === 1 ? 'first' : number <= EARLY_FRAGMENTS ? 'early' : 'later'] * this.rate;
      if (held.length > 0 && (!frame || length >= enough)) {
        yield { bytes: fragment(number, start, held) as Uint8Array<ArrayBuffer>, end: start + length };
        number += 1;
        [held, length] = [[], 0];
      }
      if (!frame) return;
    }
  }

  /** The frame at the beginning of the window, which then holds it whole; null at the end of the sound. */
  async #frame(tape: Tape): Promise<Frame | null> {
    await tape.hold(FRAME_HEAD_BYTES_MAX);
    if (this.#isOver(tape.bytes)) return null;
    const head = readFrameHead(tape.bytes, 0, this.head);
    if (!head) throw new BadSound('The file is damaged.');
    let sum = 0;
    let summed = 0;
    let from = Math.max(head.bytes, this.head.frameBytesMin);
    for (;;) {
      // One byte more than a head, so that each round looks at something new.
      const whole = !(await tape.hold(from + FRAME_HEAD_BYTES_MAX + 1));
      const { bytes } = tape;
      const last = whole ? bytes.length : bytes.length - FRAME_HEAD_BYTES_MAX;
      for (let at = bytes.indexOf(0xff, from); at >= 0 && at < last; at = bytes.indexOf(0xff, at + 1)) {
        const next = readFrameHead(bytes, at, this.head);
        if (next?.start !== head.start + head.samples) continue;
        sum = crc16(bytes, summed, at, sum);
        summed = at;
        if (sum === 0) return { ...head, bytes: at };
      }
      if (whole) return { ...head, bytes: this.#lastFrame(bytes) };
      from = Math.max(from, last);
      if (from > FRAME_BYTES_MAX) throw new BadSound('The file is damaged.');
    }
  }

  #isOver(rest: Uint8Array): boolean {
    return rest.length === 0 || (rest[0] === 0x54 && rest[1] === 0x41 && rest[2] === 0x47);
  }

  #lastFrame(rest: Uint8Array): number {
    const end = [rest.length, rest.length - ID3V1_BYTES].find((one) => one > 0 && crc16(rest, 0, one) === 0);
    if (end === undefined) throw new BadSound('The end of the file is cut off.');
    return end;
  }

  /** Moves the tape to a frame at or a little before `sample`. */
  async #seek(tape: Tape, sample: number): Promise<void> {
    const total = this.samples ?? 0;
    let low = { sample: 0, at: this.soundAt };
    let high = { sample: total, at: this.line.total ?? this.soundAt };
    for (const point of this.points) {
      const at = this.soundAt + point.offset;
      if (point.sample <= sample && point.sample >= low.sample) low = { sample: point.sample, at };
      else if (point.sample > sample && point.sample < high.sample) high = { sample: point.sample, at };
    }
    const near = NEAR_S * this.rate;
    for (let tries = 0; tries < SEEK_TRIES_MAX && sample - low.sample > near && high.at > low.at && high.sample > low.sample; tries++) {
      // Half of what is near is kept as distance, so that a guess lands before its target rather than behind it.
      const part = (sample - near / 2 - low.sample) / (high.sample - low.sample);
      const guess = low.at + Math.floor(Math.max(0, Math.min(part, 1)) * (high.at - low.at));
      await tape.reach(guess);
      const found = await this.#sync(tape);
      if (!found || found.start > sample) high = { sample: found?.start ?? high.sample, at: guess };
      else if (found.start > low.sample) low = { sample: found.start, at: tape.at };
      else break;
    }
    await tape.reach(low.at);
  }

  /** Moves to the next frame that proves to be one. */
  async #sync(tape: Tape): Promise<FrameHead | null> {
    for (let looked = 0; looked < FRAME_BYTES_MAX; ) {
      if (!(await tape.hold(FRAME_HEAD_BYTES_MAX))) return null;
      const at = tape.bytes.indexOf(0xff);
      if (at === 0) {
        const head = readFrameHead(tape.bytes, 0, this.head);
        if (head && (await this.#proven(tape))) return head;
      }
      const step = at < 0 ? tape.bytes.length : Math.max(at, 1);
      tape.skip(step);
      looked += step;
    }
    return null;
  }

  async #proven(tape: Tape): Promise<boolean> {
    try {
      return (await this.#frame(tape)) !== null;
    } catch (thrown) {
      if (thrown instanceof BadSound) return false;
      throw thrown;
    }
  }
}
