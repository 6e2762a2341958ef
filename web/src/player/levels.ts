/** How much louder or softer a track is played so that music of different loudness sounds alike. Pure arithmetic. */

export type Levelling = 'off' | 'track' | 'album';

/** What was measured, by EBU R128; either may be missing where there is silence. */
export interface Loudness {
  lufs: number | null;
  /** True peak, dBTP. */
  peak_db: number | null;
}

/**
 * What everything is brought to: the level of ReplayGain 2. Nearly all music is louder, so nearly all of it is turned down,
 * which can't clip and needs nothing but the element's own volume; at the −14 LUFS of the large services half of it would
 * have to be turned up, and then be held down again where its peaks have no room.
 */
export const REFERENCE_LUFS = -18;
/** Peaks between the samples stay below this after the gain, so that no converter behind us clips. */
export const CEILING_DBTP = -1;
const GAIN_DB_MIN = -24;
const GAIN_DB_MAX = 12;
export const PREGAIN_DB_MAX = 9;

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** Reads a `loudness` field, which may be absent or hold nothing useful. */
export function loudnessOf(of: unknown): Loudness | null {
  const found = (of as { loudness?: { lufs?: unknown; peak_db?: unknown } | null } | null | undefined)?.loudness;
  if (!found || !isNumber(found.lufs)) return null;
  return { lufs: found.lufs, peak_db: isNumber(found.peak_db) ? found.peak_db : null };
}

/**
 * The amplitude to multiply a track with. `album` takes the album's loudness where it is known, so that its tracks keep
 * their distances, and the track's otherwise. What was not measured plays as it is.
 */
export function gainOf(track: unknown, album: unknown, mode: Levelling, pregainDb = 0): number {
  if (mode === 'off') return 1;
  const loudness = (mode === 'album' ? loudnessOf(album) : null) ?? loudnessOf(track);
  if (!loudness || loudness.lufs === null) return 1;
  const wanted = REFERENCE_LUFS - loudness.lufs + pregainDb;
  // An unknown peak may be at full scale.
  const room = CEILING_DBTP - (loudness.peak_db ?? 0);
  const limited = Math.min(wanted, room);
  return 10 ** (Math.min(GAIN_DB_MAX, Math.max(GAIN_DB_MIN, limited)) / 20);
}
