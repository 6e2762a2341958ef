import { describe, expect, it } from 'vitest';
import { count, ENOUGH_MS, type Moment, type Tally } from './tally';

const LENGTH = 20_000;
/** Plays one second after the other and says how many plays that were. */
function listen(seconds: number[], { durationMs = LENGTH, key = 1, sounds = true } = {}, before: Tally | null = null): [Tally | null, number] {
  let [tally, plays] = [before, 0];
  for (const second of seconds) {
    const at: Moment = { key, sounds, positionMs: second * 1000, durationMs, passedMs: 1000, now: 7 };
    const next = count(tally, at);
    tally = next.tally;
    plays += Number(next.play);
  }
  return [tally, plays];
}
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('a play', () => {
  it('is half of a track, counted once', () => {
    expect(listen(range(0, 10))[1]).toBe(0);
    expect(listen(range(0, 11))[1]).toBe(1);
    expect(listen(range(0, 20))[1]).toBe(1);
  });
  it('is four minutes of a long one', () => {
    const durationMs = 60 * 60_000;
    expect(listen(range(0, ENOUGH_MS / 1000), { durationMs })[1]).toBe(0);
    expect(listen(range(0, ENOUGH_MS / 1000 + 1), { durationMs })[1]).toBe(1);
  });
  it('is heard, not sought to and not waited for', () => {
    expect(listen([0, 15, 16, 17])[1]).toBe(0);
    expect(listen(range(0, 20), { sounds: false })[1]).toBe(0);
    expect(listen(range(0, 20), { durationMs: 0 })[1]).toBe(0);
  });
  it('happens again when the track is repeated, and anew for the next', () => {
    const [tally, plays] = listen([...range(0, 20), ...range(0, 20)]);
    expect(plays).toBe(2);
    expect(listen(range(0, 11), { key: 2 }, tally)[1]).toBe(1);
  });
});
