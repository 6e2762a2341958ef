/** Dragging in a list of equal rows, as plain functions. */

/** Where a row that was grabbed at `from` stands after the pointer has gone `movedPx` down. */
export function target(from: number, movedPx: number, rowPx: number, count: number): number {
  return Math.max(0, Math.min(count - 1, from + Math.round(movedPx / rowPx)));
}

/** By how many rows the row at `index` makes room while another is held over `to`. */
export function room(index: number, from: number, to: number): -1 | 0 | 1 {
  if (from < index && index <= to) return -1;
  if (to <= index && index < from) return 1;
  return 0;
}

export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const out = [...items];
  const [item] = out.splice(from, 1);
  if (item !== undefined) out.splice(to, 0, item);
  return out;
}

/** What comes before the place `to` once the row at `from` has gone there; null at the start. */
export function before<T>(items: readonly T[], from: number, to: number): T | null {
  return moved(items, from, to)[to - 1] ?? null;
}

/** What arrow and end keys make of a row's place; null when the key is none of these. */
export function keyed(key: string, from: number, count: number): number | null {
  const to = { ArrowUp: from - 1, ArrowDown: from + 1, Home: 0, End: count - 1 }[key];
  return to === undefined ? null : Math.max(0, Math.min(count - 1, to));
}

export interface Gap<T> {
  /** What stands before the gap; null at the start. */
  after: string | null;
  taken: T[];
}

/** The gaps that rows leave in a list when they are taken out, from the start on. */
export function gapsOf<T extends { id: string }>(items: readonly T[], gone: ReadonlySet<string>): Gap<T>[] {
  const gaps: Gap<T>[] = [];
  let after: string | null = null;
  let open: Gap<T> | null = null;
  for (const item of items) {
    if (!gone.has(item.id)) {
      after = item.id;
      open = null;
    } else if (open) open.taken.push(item);
    else gaps.push((open = { after, taken: [item] }));
  }
  return gaps;
}
