/** A window that moves along the bytes of a line: look ahead, take, or jump. */
import type { Line, Patience } from './line';

/** Nearer than this, what lies between is read rather than asked for anew. */
const SKIP_BYTES_MAX = 64 * 1024;

export class Tape {
  /** Where the window begins. */
  at = 0;
  #held = new Uint8Array(0);
  #from = 0;
  #to = 0;
  #chunks: AsyncGenerator<Uint8Array> | null = null;
  #abort = new AbortController();
  #unlink: () => void = () => undefined;

  constructor(
    private readonly line: Line,
    signal: AbortSignal,
    private patience: Patience,
    from = 0,
  ) {
    this.at = from;
    this.adopt(signal, patience);
  }

  /** From here on it is read for somebody else, who may stop it and who decides about failures. */
  adopt(signal: AbortSignal, patience: Patience): void {
    this.#unlink();
    this.patience = patience;
    const stop = (): void => this.#abort.abort(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    this.#unlink = () => signal.removeEventListener('abort', stop);
  }

  /** What is here from `at` on; valid until more is asked for. */
  get bytes(): Uint8Array {
    return this.#held.subarray(this.#from, this.#to);
  }

  /** Brings at least `count` bytes into the window; false when the end comes first. */
  async hold(count: number): Promise<boolean> {
    while (this.#to - this.#from < count) {
      this.#chunks ??= this.line.read(this.at + this.#to - this.#from, this.#abort.signal, (attempt, trouble) => this.patience(attempt, trouble));
      const next = await this.#chunks.next();
      if (next.done) return false;
      this.#add(next.value);
    }
    return true;
  }

  skip(count: number): void {
    const here = Math.min(count, this.#to - this.#from);
    this.#from += here;
    this.at += here;
    if (here < count) this.jump(this.at + count - here);
  }

  /** To any byte. What lies a little ahead is read over, so that the stream goes on. */
  async reach(to: number): Promise<void> {
    if (to >= this.at && to - this.at <= SKIP_BYTES_MAX && (await this.hold(to - this.at))) this.skip(to - this.at);
    else this.jump(to);
  }

  jump(to: number): void {
    void this.#chunks?.return(undefined);
    this.#chunks = null;
    this.#from = this.#to = 0;
    this.at = to;
  }

  #add(chunk: Uint8Array): void {
    const kept = this.#to - this.#from;
    if (this.#to + chunk.length > this.#held.length) {
      const room = new Uint8Array(Math.max(64 * 1024, (kept + chunk.length) * 2));
      room.set(this.#held.subarray(this.#from, this.#to));
      this.#held = room;
      this.#from = 0;
      this.#to = kept;
    }
    this.#held.set(chunk, this.#to);
    this.#to += chunk.length;
  }
}
