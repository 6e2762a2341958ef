/**
 * Bytes from an address that may expire, over a line that may be cut: reading goes on at the byte where it broke off, so
 * that who reads sees every byte once and nothing twice.
 */

/** The address to read; `fresh`: the last one is not accepted any more. */
export type Address = (fresh: boolean) => Promise<string>;

/** Told of each failure in a row; returns when it is time to try again, or throws what the reader is to see. */
export type Patience = (attempt: number, trouble: LineTrouble) => Promise<void>;

export class LineTrouble extends Error {
  constructor(
    /** `cut`: it may work again; `gone`: there is nothing at the address; `changed`: the bytes are of another file now. */
    readonly kind: 'cut' | 'gone' | 'changed',
    text: string,
  ) {
    super(text);
  }
}

export const noPatience: Patience = (_attempt, trouble) => Promise.reject(trouble);

/** A line that gives nothing for this long counts as cut. */
const SILENCE_MS = 15_000;
/** The first request fetches no more than sound needs to start; what follows is fetched in fewer, larger ones. */
export const PIECE_BYTES = [192 * 1024, 768 * 1024] as const;

interface Answer {
  body: ReadableStream<Uint8Array>;
  /** Where these bytes begin. */
  from: number;
  total: number | null;
}

export class Line {
  /** All bytes there are; known after the first answer. */
  total: number | null = null;
  #tag: string | null = null;

  constructor(private readonly address: Address) {}

  /** The bytes from `from` to the end, asked for in pieces, or all at once when `whole`. */
  async *read(from: number, signal: AbortSignal, patience: Patience, whole = false): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    let at = from;
    let attempt = 0;
    let fresh = false;
    for (let piece = 0; this.total === null || at < this.total; ) {
      const to = whole ? null : at + (PIECE_BYTES[Math.min(piece, 1)] as number) - 1;
      try {
        const answer = await this.#ask(at, to, fresh, signal);
        fresh = false;
        let skip = at - answer.from;
        for await (const chunk of drained(answer.body, signal)) {
          const rest = chunk.subarray(Math.min(skip, chunk.length));
          skip -= chunk.length - rest.length;
          if (rest.length === 0) continue;
          at += rest.length;
          attempt = 0;
          yield rest;
        }
        if (whole && (answer.total === null || at >= answer.total)) return;
        piece += 1;
      } catch (thrown) {
        signal.throwIfAborted();
        const trouble = thrown instanceof LineTrouble ? thrown : new LineTrouble('cut', 'The sound stopped arriving.');
        if (trouble.kind === 'changed') throw trouble;
        // What was granted may have run out; a new grant is asked for once before anybody hears of it.
        const retryAtOnce = trouble.kind === 'gone' && !fresh;
        if (trouble.kind === 'gone' && fresh) throw trouble;
        fresh = trouble.kind === 'gone';
        if (retryAtOnce) continue;
        await patience(attempt, trouble);
        attempt += 1;
      }
    }
  }

  async #ask(at: number, to: number | null, fresh: boolean, signal: AbortSignal): Promise<Answer> {
    const url = await this.address(fresh);
    const ranged = to !== null || at > 0;
    const answer = await fetch(url, { signal, headers: ranged ? { Range: `bytes=${at}-${to ?? ''}` } : {} });
    if ([401, 403, 404, 410].includes(answer.status)) throw new LineTrouble('gone', 'The sound is no longer there.');
    if (!answer.ok || !answer.body) throw new LineTrouble('cut', `The server answered ${answer.status}.`);
    const tag = answer.headers.get('etag');
    if (this.#tag !== null && tag !== this.#tag) throw new LineTrouble('changed', 'The file has changed.');
    this.#tag = tag;
    const spans = /^bytes (\d+)-\d+\/(\d+)$/.exec(answer.headers.get('content-range') ?? '');
    const length = Number(answer.headers.get('content-length'));
    const total = spans ? Number(spans[2]) : length > 0 ? length : null;
    if (total !== null && !answer.headers.has('content-encoding')) this.total = total;
    return { body: answer.body, from: spans ? Number(spans[1]) : 0, total: this.total };
  }
}

/**
 * A body read as fast as it comes, however slowly its reader takes it: a full buffer then holds a few hundred kilobytes
 * and not a connection.
 */
async function* drained(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  const here: Uint8Array<ArrayBuffer>[] = [];
  let over = false;
  let broken: unknown;
  let wake: () => void = () => undefined;
  let watch: ReturnType<typeof setTimeout> | undefined;
  const look = (): void => {
    clearTimeout(watch);
    watch = setTimeout(() => void reader.cancel().catch(() => undefined).then(() => stop(new LineTrouble('cut', 'Nothing arrives any more.'))), SILENCE_MS);
  };
  const stop = (thrown?: unknown): void => {
    clearTimeout(watch);
    over = true;
    broken ??= thrown;
    wake();
  };
  const pull = async (): Promise<void> => {
    for (;;) {
      look();
      const { done, value } = await reader.read();
      if (done) return stop();
      here.push(value as Uint8Array<ArrayBuffer>);
      wake();
    }
  };
  pull().catch(stop);
  try {
    for (;;) {
      const next = here.shift();
      if (next) yield next;
      else if (broken !== undefined) throw broken;
      else if (over) return;
      else await new Promise<void>((ready) => (wake = ready));
      signal.throwIfAborted();
    }
  } finally {
    clearTimeout(watch);
    if (!over) void reader.cancel().catch(() => undefined);
  }
}
