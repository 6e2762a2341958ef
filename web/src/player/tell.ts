/**
 * What of a listener's position the server is told, and when. Only what changed is told, so that a page left open says
 * nothing over what was heard elsewhere since; what did not arrive is kept and told later, with how long ago it was.
 */
export interface Heard {
  id: string;
  position_ms: number;
  played: boolean;
}
/** What did not arrive: whose it is, and when it was heard by this device's clock. */
export interface Late extends Heard {
  user: string;
  at: number;
}
type Send = (heard: Heard, agoMs: number) => Promise<'told' | 'refused' | 'later'>;

export const LATE_MAX = 20;

export class Teller {
  #told: Heard | null = null;
  #last: Heard | null = null;
  #at = 0;

  constructor(
    private readonly send: Send,
    private readonly store: { read(): Late[]; write(late: Late[]): void },
    private readonly whose: () => string | undefined,
    private readonly now: () => number = Date.now,
  ) {}

  /** What the server knows already. */
  known(heard: Heard): void {
    this.#told = this.#last = heard;
  }

  /** What is heard now; nothing is told yet. */
  note(heard: Heard): void {
    if (same(this.#last, heard)) return;
    this.#last = heard;
    this.#at = this.now();
  }

  /** Tells what the server does not know yet. False when it did not arrive, and is kept. */
  async tell(): Promise<boolean> {
    const [heard, user] = [this.#last, this.whose()];
    if (!heard || same(this.#told, heard) || user === undefined) return true;
    const at = this.#at;
    this.#told = heard;
    // Kept before it is sent: when the page goes meanwhile nobody is left to keep it.
    const late = { ...heard, user, at };
    this.#keep(late);
    if ((await this.send(heard, this.now() - at)) === 'later') return false;
    this.#drop(late);
    return true;
  }

  /** Tells what did not arrive earlier. False when something of it still did not. */
  async tellLate(): Promise<boolean> {
    const user = this.whose();
    if (user === undefined) return true;
    for (const late of this.store.read().filter((one) => one.user === user)) {
      const { id, position_ms, played } = late;
      if ((await this.send({ id, position_ms, played }, Math.max(0, this.now() - late.at))) === 'later') return false;
      this.#drop(late);
    }
    return true;
  }

  #drop({ id, user, at }: Late): void {
    this.store.write(this.store.read().filter((one) => one.id !== id || one.user !== user || one.at !== at));
  }

  #keep(late: Late): void {
    const others = this.store.read().filter((one) => one.id !== late.id || one.user !== late.user);
    this.store.write([...others, late].slice(-LATE_MAX));
  }
}

/** Pauses before what did not arrive is told again; the last one for all that follow. */
export const PAUSES_MS = [5_000, 30_000, 120_000, 600_000] as const;

/** Does something again with growing pauses until it is done, and one at a time. */
export class Again {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #busy = false;
  /** Somebody wished for it while it was being done, or stopped it. */
  #wish: 'now' | 'later' | 'stop' | null = null;

  /** `act` says whether it is done. */
  constructor(private readonly act: () => Promise<boolean>) {}

  /** At once, and with short pauses again. */
  now = (): void => {
    this.#tries = 0;
    if (this.#busy) this.#wish = 'now';
    else void this.#try();
  };

  /** After a pause, unless it is to be done sooner anyway. */
  later(): void {
    if (this.#busy) this.#wish ??= 'later';
    else this.#timer ??= setTimeout(() => void this.#try(), PAUSES_MS[Math.min(this.#tries++, PAUSES_MS.length - 1)]);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#tries = 0;
    if (this.#busy) this.#wish = 'stop';
  }

  async #try(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    [this.#busy, this.#wish] = [true, null];
    const done = await this.act().catch(() => false);
    this.#busy = false;
    const wish = this.#wish as 'now' | 'later' | 'stop' | null;
    if (wish === 'stop') return;
    if (wish === 'now') return this.#try();
    if (done) this.#tries = 0;
    if (!done || wish === 'later') this.later();
  }
}

function same(one: Heard | null, other: Heard): boolean {
  return one !== null && one.id === other.id && one.position_ms === other.position_ms && one.played === other.played;
}

/** Whether what was stored is what it should be. */
export function isLate(stored: unknown): stored is Late[] {
  const fits = (one: Partial<Late> | null): boolean => typeof one?.id === 'string' && typeof one.user === 'string' && Number.isSafeInteger(one.position_ms) && typeof one.played === 'boolean' && typeof one.at === 'number';
  return Array.isArray(stored) && stored.every(fits);
}
