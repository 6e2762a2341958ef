/** The moves in a list of choices under a field, as plain functions; -1 is no choice. */
export interface Group<T> {
  label: string;
  items: readonly T[];
}

/** What an arrow or page key makes of the chosen one; null when the key is none of these. Ends lead round. */
export function step(key: string, at: number, count: number, page = 8): number | null {
  if (count === 0) return null;
  switch (key) {
    case 'ArrowDown':
      return at + 1 >= count ? 0 : at + 1;
    case 'ArrowUp':
      return at <= 0 ? count - 1 : at - 1;
    case 'PageDown':
      return Math.min(count - 1, Math.max(0, at) + page);
    case 'PageUp':
      return Math.max(0, at - page);
    default:
      return null;
  }
}

/** The groups that hold something, each with the place of its first choice in the whole list. */
export function placed<T>(groups: readonly Group<T>[]): (Group<T> & { from: number })[] {
  let from = 0;
  return groups
    .filter((group) => group.items.length > 0)
    .map((group) => {
      const here = { ...group, from };
      from += group.items.length;
      return here;
    });
}

/** "4 results: 1 artist, 3 tracks" for the ear. */
export function told(groups: readonly { label: string; items: readonly unknown[] }[]): string {
  const full = groups.filter((group) => group.items.length > 0);
  const sum = full.reduce((n, group) => n + group.items.length, 0);
  if (sum === 0) return 'No results';
  const parts = full.map(({ label, items }) => `${items.length} ${items.length === 1 ? label.toLowerCase().replace(/s$/, '') : label.toLowerCase()}`);
  return `${sum} ${sum === 1 ? 'result' : 'results'}: ${parts.join(', ')}`;
}
