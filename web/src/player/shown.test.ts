import { describe, expect, it } from 'vitest';
import { isLyrics, lineAt, ordered, wordsBegun, type Lyrics } from './lyrics';
import { bars, barsPath, readShape } from './waveform';

const line = (start_ms: number, text = 'la') => ({ start_ms, text });
const lines = [line(1000), line(2000), line(2000, 'echo'), line(9000)];

describe('lyrics', () => {
  it('the_line_that_has_begun_is_the_one', () => expect([0, 849, 850, 1900, 5000, 8850, 99_999].map((ms) => lineAt(lines, ms))).toEqual([-1, -1, 0, 2, 2, 3, 3]));
  it('no_lines_have_no_current_one', () => expect(lineAt([], 500)).toBe(-1));
  it('words_light_up_as_they_begin', () => {
    const sung = { text: 'so long', words: [{ start_ms: 1000, text: 'so ' }, { start_ms: 1500, text: 'long' }] };
    expect([0, 1000, 1400, 60_000].map((ms) => wordsBegun(sung, ms))).toEqual([0, 1, 2, 2]);
    expect(wordsBegun({ text: 'plain' }, 5000)).toBe(0);
  });
  it('synced_ones_and_ones_own_language_come_first', () => {
    const of = (language: string | null, synced: boolean): Lyrics => ({ language, synced, lines: [] });
    const all = [of('en', false), of('de', true), of(null, true), of('en-gb', true)];
    expect(ordered(all, ['en-US', 'de'])).toEqual([all[3], all[1], all[2], all[0]]);
    expect(ordered([], ['en'])).toEqual([]);
  });
  it('an_odd_answer_is_refused', () => {
    expect(isLyrics([{ language: null, synced: true, lines }])).toBe(true);
    expect(isLyrics([])).toBe(true);
    for (const odd of [null, {}, [null], [{ synced: true }], [{ synced: true, lines: [{ text: 'no time' }] }], [{ synced: false, lines: [null] }]]) expect(isLyrics(odd)).toBe(false);
  });
});

describe('the shape of a track', () => {
  const packed = (...values: number[]): string => btoa(String.fromCharCode(...values));
  it('is_read_from_base64_or_refused', () => {
    expect([...(readShape({ peaks: packed(0, 128, 255), means: packed(0, 60, 90) })?.means ?? [])]).toEqual([0, 60, 90]);
    expect([...(readShape({ peaks: packed(3) })?.means ?? [])]).toEqual([3]);
    for (const odd of [null, {}, { peaks: 7 }, { peaks: '' }, { peaks: '%%' }, { peaks: 'A'.repeat(99_999) }]) expect(readShape(odd)).toBeNull();
  });
  it('fills_its_bars_whatever_its_length', () => {
    for (const length of [1, 50, 800]) {
      const shape = { peaks: new Uint8Array(length).fill(200), means: new Uint8Array(length).fill(80) };
      expect(bars(shape, 110)).toEqual(new Array(110).fill(1));
    }
  });
  it('louder_parts_stand_higher_and_silence_still_shows', () => {
    const heights = bars({ peaks: Uint8Array.of(0, 100, 255), means: Uint8Array.of(0, 40, 120) }, 3);
    expect(heights[0]).toBeGreaterThan(0);
    expect(heights[0]).toBeLessThan(heights[1] as number);
    expect(heights[2]).toBe(1);
    expect(bars({ peaks: new Uint8Array(800), means: new Uint8Array(800) }, 4).every((h) => h > 0 && h < 0.1)).toBe(true);
  });
  it('is_drawn_inside_its_box', () => expect(barsPath([1, 0.5])).toBe('M0.18 0.000h0.64v1.000h-0.64zM1.18 0.250h0.64v0.500h-0.64z'));
});
