import { describe, expect, it } from 'vitest';
import { ago, bytes, clock, length, longDate, plural, spoken } from './time';

describe('time formatting', () => {
  it('a_position_under_an_hour_has_no_hour', () => {
    expect(clock(0)).toBe('0:00');
    expect(clock(187_400)).toBe('3:07');
    expect(clock(3_599_999)).toBe('59:59');
  });
  it('a_position_over_an_hour_pads_its_minutes', () => expect(clock(3_729_000)).toBe('1:02:09'));
  it('an_unknown_or_negative_position_shows_zero', () => {
    expect(clock(Number.NaN)).toBe('0:00');
    expect(clock(Number.POSITIVE_INFINITY)).toBe('0:00');
    expect(clock(-5)).toBe('0:00');
  });
  it('a_position_is_spoken_in_words_with_right_plurals', () => {
    expect(spoken(0)).toBe('0 seconds');
    expect(spoken(61_000)).toBe('1 minute 1 second');
    expect(spoken(3_600_000)).toBe('1 hour');
    expect(spoken(7_325_000)).toBe('2 hours 2 minutes 5 seconds');
  });
  it('a_length_rounds_to_minutes', () => {
    expect(length(42_000)).toBe('42 s');
    expect(length(48 * 60_000 + 20_000)).toBe('48 min');
    expect(length(72 * 60_000)).toBe('1 h 12 min');
    expect(length(120 * 60_000)).toBe('2 h');
    expect(length(59 * 60_000 + 45_000)).toBe('1 h');
  });
  it('the_past_is_told_in_the_largest_fitting_unit', () => {
    const now = Date.parse('2026-11-24T12:00:00.000Z');
    expect(ago('2026-11-24T11:59:50.000Z', now)).toBe('just now');
    expect(ago('2026-11-24T11:58:50.000Z', now)).toBe('1 minute ago');
    expect(ago('2026-11-24T09:00:00.000Z', now)).toBe('3 hours ago');
    expect(ago('2026-11-22T09:00:00.000Z', now)).toBe('2 days ago');
    expect(ago('2026-01-02T09:00:00.000Z', now)).toBe('2 Jan 2026');
    expect(ago('nonsense', now)).toBe('');
  });
  it('sizes_change_unit_before_four_digits', () => {
    expect(bytes(0)).toBe('0 B');
    expect(bytes(999)).toBe('999 B');
    expect(bytes(1000)).toBe('1 kB');
    expect(bytes(999_600)).toBe('1 MB');
    expect(bytes(4_240_000_000)).toBe('4.2 GB');
  });
  it('one_is_not_plural', () => expect([plural(1, 'album'), plural(0, 'album')]).toEqual(['1 album', '0 albums']));
});

it('dates are told as far as they are known', () => {
  expect(longDate('1967')).toBe('1967');
  expect(longDate('1967-05')).toBe('May 1967');
  expect(longDate('1967-05-26')).toBe('26 May 1967');
});
