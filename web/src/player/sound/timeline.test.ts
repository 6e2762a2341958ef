import { describe, expect, it } from 'vitest';
import type { Feed } from './feed';
import { Timeline, type Part } from './timeline';

const feed = (samples: number | null = null): Feed => ({ mime: 'audio/mp4', rate: 44_100, channels: 2, samples, read: () => { throw new Error('nobody reads here'); } });
const joined = (key: number, samples: number | null = null) => ({ key, trackId: `t${key}`, lengthMs: 1000, feed: feed(samples) });
function three(): { line: Timeline; a: Part; b: Part; c: Part } {
  const line = new Timeline(44_100);
  const a = line.add(joined(1));
  a.length = 100_003;
  const b = line.add(joined(2));
  b.length = 77;
  return { line, a, b, c: line.add(joined(3, 500_000)) };
}

describe('timeline', () => {
  it('each_track_begins_at_the_sample_where_the_one_before_ends', () => {
    const { a, b, c } = three();
    expect([a.start, b.start, c.start]).toEqual([0, 100_003, 100_080]);
  });
  it('nothing_is_put_behind_a_track_whose_end_is_not_known', () => {
    const { line } = three();
    expect(() => line.add(joined(4))).toThrow();
  });
  it('a_boundary_belongs_to_the_track_that_begins_there', () => {
    const { line, a, b, c } = three();
    expect([line.at(0), line.at(100_002), line.at(100_003), line.at(100_079), line.at(100_080), line.at(9e9)]).toEqual([a, a, b, b, c, c]);
  });
  it('a_clock_in_whole_microseconds_still_finds_the_sample', () => {
    const line = new Timeline(192_000);
    for (const sample of [1, 7, 191_999, 192_001, 123_456_789, 192_000 * 3600 * 100 + 13]) {
      const clock = Math.floor(line.seconds(sample) * 1e6) / 1e6;
      expect(line.sample(clock)).toBe(sample);
    }
  });
  it('lengths_come_from_the_sound_before_the_catalogue', () => {
    const { line, a, c } = three();
    expect(line.lengthMs(a)).toBeCloseTo(100_003 / 44.1, 6);
    expect(line.lengthMs(c)).toBeCloseTo(500_000 / 44.1, 6);
    c.feed = feed(null);
    expect(line.lengthMs(c)).toBe(1000);
  });
  it('the_first_place_where_the_queue_disagrees_is_found', () => {
    const { line, a, b } = three();
    const order = (next: Record<number, number>) => (key: number) => next[key] ?? null;
    expect(line.firstWrong(a, order({ 1: 2, 2: 3 }))).toBeNull();
    expect(line.firstWrong(a, order({ 1: 2, 2: 9 }))).toBe(b);
    expect(line.firstWrong(a, order({ 1: 9, 2: 3 }))).toBe(a);
    expect(line.firstWrong(b, order({ 1: 9, 2: 3 }))).toBeNull();
    expect(line.firstWrong(a, order({}))).toBe(a);
  });
  it('what_was_heard_is_forgotten_but_not_what_sounds', () => {
    const { line, b, c } = three();
    line.forgetBefore(100_050);
    expect(line.parts).toEqual([b, c]);
    line.forgetBefore(9e9);
    expect(line.parts).toEqual([c]);
  });
});
