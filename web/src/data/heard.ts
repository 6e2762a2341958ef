/** When each thing that the server told of was asked for: whichever is newer, an answer or what was done here since, is shown. */
const askedAt = new WeakMap<object, number>();
/** Details nest no deeper: an album holds discs, a disc tracks, a track its mark. */
const DEPTH_MAX = 6;

/** Notes every `mark` in an answer to a question of that time (milliseconds). */
export function hear(answer: unknown, asked: number, depth = 0): void {
  if (typeof answer !== 'object' || answer === null || depth > DEPTH_MAX) return;
  if (Array.isArray(answer)) {
    for (const item of answer) hear(item, asked, depth + 1);
    return;
  }
  for (const [name, value] of Object.entries(answer)) {
    if (name === 'mark' && typeof value === 'object' && value !== null) askedAt.set(value, asked);
    else if (typeof value === 'object') hear(value, asked, depth + 1);
  }
}

/** When the question was asked that this was answered to; 0 when nobody noted it. */
export function heardAt(mark: object): number {
  return askedAt.get(mark) ?? 0;
}
