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

  /** Tells what the server does not know yet. */
  async tell(): Promise<void> {
    const [heard, user] = [this.#last, this.whose()];
    if (!heard || same(this.#told, heard) || user === undefined) return;
    const at = this.#at;
    this.#told = heard;
    // Kept before it is sent: when the page goes meanwhile nobody is left to keep it.
    const late = { ...heard, user, at };
    this.#keep(late);
    if ((await this.send(heard, this.now() - at)) !== 'later') this.#drop(late);
  }

  /** Tells what did not arrive earlier. */
  async tellLate(): Promise<void> {
    const user = this.whose();
    if (user === undefined) return;
    for (const late of this.store.read().filter((one) => one.user === user)) {
      const { id, position_ms, played } = late;
      if ((await this.send({ id, position_ms, played }, Math.max(0, this.now() - late.at))) === 'later') return;
      this.#drop(late);
    }
  }

  #drop({ id, user, at }: Late): void {
    this.store.write(this.store.read().filter((one) => one.id !== id || one.user !== user || one.at !== at));
  }

  #keep(late: Late): void {
    const others = this.store.read().filter((one) => one.id !== late.id || one.user !== late.user);
    this.store.write([...others, late].slice(-LATE_MAX));
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
