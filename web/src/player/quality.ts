/** As what music is fetched, and what that asks of the server. */
import type { TrackGrant } from '../api/types';

/** What the listener chose. */
export type SoundQuality = 'auto' | 'original' | 'high' | 'low';
/** What is asked for: what was chosen, or a lossless form that can be joined. */
export type Wish = SoundQuality | 'lossless';

export const isEncoded = (quality: SoundQuality): quality is 'high' | 'low' => quality === 'high' || quality === 'low';

/** Lossless files that can be joined only in another form. */
const OTHER_LOSSLESS = /^audio\/wav|alac/;

/**
 * What to ask for instead of what was answered, when that does not serve: a file that this browser can't play, or one that
 * could be joined in its lossless form. Null when the answer will do.
 */
export function betterWish(wish: Wish, { original, state }: Pick<TrackGrant, 'original' | 'state'>, gapless: boolean, canPlay: (mime: string) => boolean): Wish | null {
  if (state !== 'none') return null;
  if (!original || !canPlay(original.mime)) return 'high';
  return wish === 'auto' && gapless && OTHER_LOSSLESS.test(original.mime) ? 'lossless' : null;
}
