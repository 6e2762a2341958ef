/** Whether a track has been played, as plain data: heard for half of its length or four minutes, whichever comes first. */

export const ENOUGH_MS = 4 * 60_000;
/** A clock that stood still, because the machine slept, counts as no more than this. */
const STEP_MS_MAX = 5000;
/** A place so near to the start, come to from so near to the end, is the track once more. */
const START_MS = 5000;
const END_PART = 0.9;

export interface Tally {
  key: number;
  heardMs: number;
  positionMs: number;
  /** Time of day at which it was begun. */
  since: number;
  told: boolean;
}

export interface Moment {
  key: number;
  sounds: boolean;
  positionMs: number;
  durationMs: number;
  /** Time that has passed since the last moment. */
  passedMs: number;
  now: number;
}

/** The tally one moment later, and whether it is a play from now on. */
export function count(before: Tally | null, at: Moment): { tally: Tally; play: boolean } {
  const again = before !== null && at.durationMs > 0 && before.positionMs > at.durationMs * END_PART && at.positionMs < START_MS;
  const same = before !== null && before.key === at.key && !again ? before : null;
  const step = at.sounds && same ? Math.min(Math.max(0, at.passedMs), STEP_MS_MAX) : 0;
  const heardMs = (same?.heardMs ?? 0) + step;
  const play = !same?.told && at.durationMs > 0 && heardMs >= Math.min(ENOUGH_MS, at.durationMs / 2);
  return { tally: { key: at.key, heardMs, positionMs: at.positionMs, since: same?.since ?? at.now, told: (same?.told ?? false) || play }, play };
}
