/** Choosing several tracks of a list. The list says what its rows are; the rows in it find this through the context. */
import { createContext } from 'svelte';
import { CHOSEN_MAX, inOrder, kept, nothing, ranged, toggled, withAll, type Choice, type Row } from './choice';
import { plural } from './time';
import { announcer, toasts } from './toasts.svelte';

export class Choosing {
  #choice = $state.raw<Choice>(nothing);
  /** All rows are wanted, also those of pages that are still to come. */
  reaching = $state(false);

  constructor(
    private readonly rows: () => readonly Row[],
    /** Takes rows out of the playlist that is shown, where the viewer may. */
    readonly takeOut: () => ((rows: readonly Row[]) => void) | undefined,
  ) {}

  get count(): number {
    return this.#choice.chosen.size;
  }

  get active(): boolean {
    return this.count > 0;
  }

  get full(): boolean {
    return this.count >= CHOSEN_MAX;
  }

  has(id: string): boolean {
    return this.#choice.chosen.has(id);
  }

  /** What is chosen, in the order of the list. */
  get chosen(): Row[] {
    return inOrder(this.#choice, this.rows());
  }

  /** A click on a row: whether it chose something, or is to do what a click does. */
  pressed(row: Row, event: MouseEvent): boolean {
    if (event.shiftKey) this.to(row.id);
    else if (event.ctrlKey || event.metaKey || this.active) this.toggle(row);
    else return false;
    return true;
  }

  toggle = (row: Row): void => this.#set(toggled(this.#choice, row));

  /** From where the last choice was made to this row. */
  to = (id: string): void => this.#set(ranged(this.#choice, this.rows(), id));

  /** A range by keys: it begins at `from` unless one is under way. */
  step(from: Row, to: string): void {
    const begun = this.#choice.anchor !== null && this.active ? this.#choice : toggled(nothing, from);
    this.#set(ranged(begun, this.rows(), to));
  }

  /** Begins to choose everything; the list asks for its further pages meanwhile. */
  all = (): void => {
    this.reaching = true;
  };

  /** Chooses the rows that are there. */
  reach(): void {
    this.#choice = withAll(this.#choice, this.rows());
  }

  reached(): void {
    this.reaching = false;
    this.#told(this.full);
  }

  /** What was reached stays chosen. */
  stop = (): void => {
    this.reaching = false;
  };

  clear = (): void => {
    if (this.active) this.#set(nothing);
  };

  /** The list is there as a whole: what is not in it any more is chosen no more. */
  keep(): void {
    this.#choice = kept(this.#choice, this.rows());
  }

  /** Whoever chooses by hand has no more chosen for him. */
  #set(choice: Choice): void {
    const before = this.count;
    this.reaching = false;
    this.#choice = choice;
    this.#told(this.full && this.count >= before);
  }

  #told(limited: boolean): void {
    if (limited) toasts.say(`At most ${CHOSEN_MAX} tracks are chosen at once.`);
    announcer.say(this.active ? `${plural(this.count, 'track')} chosen` : 'No track is chosen');
  }
}

const [around, provideChoosing, isAround] = createContext<Choosing>();
export { provideChoosing };

/** The choosing of the list around a row; null for a row that stands alone. */
export function choosingAround(): Choosing | null {
  return isAround() ? around() : null;
}
