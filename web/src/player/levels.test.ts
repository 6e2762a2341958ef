import { describe, expect, it } from 'vitest';
import { fadeGain } from './desk';
import { gainOf, loudnessOf, type Levelling } from './levels';

const of = (lufs: unknown, peak_db: unknown = null) => ({ loudness: { lufs, peak_db } });
const db = (track: unknown, album: unknown, mode: Levelling, pregain = 0): number => Math.round(200 * Math.log10(gainOf(track, album, mode, pregain))) / 10;

describe('loudness levelling', () => {
  it('off_changes_nothing', () => expect(gainOf(of(-8, 0), of(-9, 0), 'off', 6)).toBe(1));
  it('a_loud_track_is_turned_down_to_the_reference', () => expect(db(of(-8.5, 0.4), null, 'track')).toBe(-9.5));
  it('a_quiet_track_is_turned_up_as_far_as_its_peak_allows', () => {
    expect(db(of(-26, -12), null, 'track')).toBe(8);
    expect(db(of(-26, -3), null, 'track')).toBe(2);
    expect(db(of(-20, -0.5), null, 'track')).toBe(-0.5);
  });
  it('an_unknown_peak_counts_as_full_scale', () => expect(db(of(-26), null, 'track')).toBe(-1));
  it('no_peak_ever_passes_the_ceiling', () => {
    for (const lufs of [-40, -23, -18, -9]) for (const peak of [-20, -1, 0, 2.5]) for (const pregain of [0, 9]) {
      expect(db(of(lufs, peak), null, 'track', pregain) + peak).toBeLessThanOrEqual(-1);
    }
  });
  it('album_mode_takes_the_albums_loudness_and_falls_back_to_the_tracks', () => {
    expect(db(of(-8, 0), of(-12, 0), 'album')).toBe(-6);
    expect(db(of(-8, 0), null, 'album')).toBe(-10);
    expect(db(of(-8, 0), of(-12, 0), 'track')).toBe(-10);
  });
  it('pregain_lifts_what_has_room', () => expect(db(of(-10, 0), null, 'track', 4)).toBe(-4));
  it('gains_stay_within_reason', () => expect([db(of(-70, -60), null, 'track'), db(of(20, 20), null, 'track')]).toEqual([12, -24]));
  it('what_was_not_measured_plays_as_it_is', () => {
    for (const odd of [null, undefined, {}, { loudness: null }, of(null), of('loud'), of(NaN), of(Infinity), 7]) {
      expect(gainOf(odd, odd, 'album', 6)).toBe(1);
      expect(loudnessOf(odd)).toBeNull();
    }
  });
});

describe('a fade', () => {
  it('keeps_the_power_of_two_unlike_sounds', () => {
    for (const part of [0, 0.2, 0.5, 0.9, 1]) expect(fadeGain(part, true) ** 2 + fadeGain(part, false) ** 2).toBeCloseTo(1);
  });
  it('begins_and_ends_where_it_should', () => expect([fadeGain(0, true), fadeGain(1, true), fadeGain(2, false)].map((x) => Math.round(x * 1e6))).toEqual([0, 1e6, 0]));
});
