/** Which rows of a list are chosen, as plain data and pure functions. */
import type { Track } from '../api/types';

/** A row of a list of tracks. A track may stand in a list twice, so a row has a number of its own. */
export interface Row {
  readonly id: string;
  readonly track: Track;
}

/** More rows are not chosen at once; the page says so. */
export const CHOSEN_MAX = 10_000;

export interface Choice {
  /** By their numbers, in the order in which they were chosen. */
  readonly chosen: ReadonlyMap<string, Row>;
  /** Where a range begins: the row that was chosen or left out last, by itself. */
  readonly anchor: string | null;
  /** What was chosen before the range that grows and shrinks now. */
  readonly base: ReadonlyMap<string, Row>;
}

const NONE: ReadonlyMap<string, Row> = new Map();
export const nothing: Choice = { chosen: NONE, anchor: null, base: NONE };

export const rowOf = (track: Track): Row => ({ id: track.id, track });

/** Both together, as far as there is room. */
function joined(base: ReadonlyMap<string, Row>, rows: readonly Row[]): Map<string, Row> {
  const out = new Map(base);
  for (const row of rows) {
    if (out.size >= CHOSEN_MAX && !out.has(row.id)) break;
    out.set(row.id, row);
  }
  return out;
}

/** Chooses a row or leaves it out; the next range begins there. */
export function toggled(choice: Choice, row: Row): Choice {
  const chosen = choice.chosen.has(row.id) ? new Map([...choice.chosen].filter(([id]) => id !== row.id)) : joined(choice.chosen, [row]);
  return { chosen, anchor: row.id, base: chosen };
}

/** Chooses all rows from the anchor to this one, in place of the range that was chosen from there before. */
export function ranged(choice: Choice, rows: readonly Row[], to: string): Choice {
  const end = rows.findIndex((row) => row.id === to);
  if (end < 0) return choice;
  const start = rows.findIndex((row) => row.id === choice.anchor);
  if (start < 0) return { chosen: joined(choice.chosen, rows.slice(end, end + 1)), anchor: to, base: choice.chosen };
  const between = rows.slice(Math.min(start, end), Math.max(start, end) + 1);
  // From the anchor on, so that a range too long for the limit is cut at its far end.
  return { ...choice, chosen: joined(choice.base, start <= end ? between : between.reverse()) };
}

export function withAll(choice: Choice, rows: readonly Row[]): Choice {
  const chosen = joined(choice.chosen, rows);
  return { ...choice, chosen, base: chosen };
}

/** What of it is still in a list that is there as a whole; the same choice when that is all. */
export function kept(choice: Choice, rows: readonly Row[]): Choice {
  if (choice.chosen.size === 0) return choice;
  const there = new Set(rows.map((row) => row.id));
  if ([...choice.chosen.keys()].every((id) => there.has(id))) return choice;
  const within = (of: ReadonlyMap<string, Row>): Map<string, Row> => new Map([...of].filter(([id]) => there.has(id)));
  return { chosen: within(choice.chosen), anchor: choice.anchor, base: within(choice.base) };
}

/** The chosen rows as the list has them; those that it doesn't show just now come last. */
export function inOrder(choice: Choice, rows: readonly Row[]): Row[] {
  const shown = rows.filter((row) => choice.chosen.has(row.id));
  const there = new Set(shown.map((row) => row.id));
  return [...shown, ...[...choice.chosen.values()].filter((row) => !there.has(row.id))];
}
