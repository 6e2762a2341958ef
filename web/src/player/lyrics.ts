/** Which line, and which of its words, is being sung. Pure. */

export interface LyricWord {
  start_ms: number;
  end_ms?: number;
  text: string;
}

export interface LyricLine {
  start_ms?: number;
  end_ms?: number;
  text: string;
  words?: LyricWord[];
}

export interface Lyrics {
  language: string | null;
  synced: boolean;
  lines: LyricLine[];
}

/** Eyes want the line a little before the voice. */
export const EARLY_MS = 150;

/** The index of the line at a time, by its beginning; -1 before the first. Lines are in the order of their times. */
export function lineAt(lines: readonly LyricLine[], ms: number): number {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.start_ms ?? 0) <= ms + EARLY_MS) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** How many words of a line have begun. */
export function wordsBegun(line: LyricLine, ms: number): number {
  return line.words?.filter((word) => word.start_ms <= ms + EARLY_MS).length ?? 0;
}

/** Lyrics as they are offered: in the listener's language first, synced before plain ones, otherwise as the server has them. */
export function ordered(all: readonly Lyrics[], languages: readonly string[]): Lyrics[] {
  const wanted = languages.map((tag) => tag.toLowerCase().split('-')[0] as string);
  const rank = ({ language, synced }: Lyrics): number => {
    const place = wanted.indexOf(language?.toLowerCase().split('-')[0] ?? '');
    return (place < 0 ? wanted.length : place) * 2 + (synced ? 0 : 1);
  };
  return all.map((one, i) => ({ one, i })).sort((a, b) => Number(b.one.synced) - Number(a.one.synced) || rank(a.one) - rank(b.one) || a.i - b.i).map(({ one }) => one);
}

/** Whether an answer is what it should be; anything odd is refused whole. */
export function isLyrics(value: unknown): value is Lyrics[] {
  return (
    Array.isArray(value) &&
    value.every((one: Lyrics | null) => typeof one === 'object' && one !== null && typeof one.synced === 'boolean' && Array.isArray(one.lines) &&
      one.lines.every((line: LyricLine | null) => typeof line?.text === 'string' && (!one.synced || typeof line.start_ms === 'number')))
  );
}
