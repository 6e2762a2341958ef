import type { Picture } from '../api/types';

/** The longest edges that the server makes, in pixels. */
export const PICTURE_SIZES = [96, 192, 384, 768, 1536] as const;
export type PictureSize = (typeof PICTURE_SIZES)[number];

export function pictureUrl(picture: Picture | null | undefined, size: PictureSize): string | null {
  return picture?.url ? picture.url.replace('{size}', String(size)) : null;
}

/** Candidates for `srcset`, told by their longest edge. */
export function pictureSet(picture: Picture | null | undefined): string | undefined {
  if (!picture?.url) return undefined;
  const longest = Math.max(picture.width, picture.height, 1);
  return PICTURE_SIZES.filter((_, i) => i === 0 || (PICTURE_SIZES[i - 1] as number) < longest)
    .map((size) => `${picture.url.replace('{size}', String(size))} ${Math.round((size * picture.width) / longest) || size}w`)
    .join(', ');
}
