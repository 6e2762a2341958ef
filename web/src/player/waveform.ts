/** The shape of a track as the seek bar draws it. Pure. */

/** Bars that the seek bar has; few enough to be seen apart on a phone. */
export const BARS = 110;
/** Silence still shows where one can press. */
const BAR_MIN = 0.06;
const VALUES_MAX = 4096;

export interface Shape {
  /** The highest amplitude of each part, 0 to 255. */
  peaks: Uint8Array;
  /** The mean of each part. */
  means: Uint8Array;
}

function unpack(base64: unknown): Uint8Array | null {
  if (typeof base64 !== 'string' || base64.length > VALUES_MAX * 2) return null;
  try {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    return bytes.length > 0 ? bytes : null;
  } catch {
    return null;
  }
}

/** Reads what the server answers; null when it is no shape. */
export function readShape(answer: unknown): Shape | null {
  const { peaks, means } = (answer ?? {}) as { peaks?: unknown; means?: unknown };
  const high = unpack(peaks);
  return high && { peaks: high, means: unpack(means) ?? high };
}

/**
 * Heights of `count` bars, the highest of them 1. Mostly the mean, which is what one hears; some of the peak, which shows
 * where something begins.
 */
export function bars({ peaks, means }: Shape, count = BARS): number[] {
  const over = (bytes: Uint8Array, i: number, pick: (part: Uint8Array) => number): number => {
    const from = Math.floor((i * bytes.length) / count);
    return pick(bytes.subarray(from, Math.max(from + 1, Math.floor(((i + 1) * bytes.length) / count))));
  };
  const mean = (part: Uint8Array): number => part.reduce((sum, one) => sum + one, 0) / part.length;
  const raw = Array.from({ length: count }, (_, i) => 0.7 * over(means, i, mean) + 0.3 * over(peaks, i, (part) => Math.max(...part)));
  const top = Math.max(...raw);
  // The ear hears ratios: quiet parts get more room than their amplitude alone would give them.
  return raw.map((value) => (top > 0 ? Math.max(BAR_MIN, (value / top) ** 0.75) : BAR_MIN));
}

/** An SVG path of the bars around a middle line, in a box of `count` by 1. */
export function barsPath(heights: readonly number[]): string {
  const [gap, digits] = [0.18, 3];
  return heights.map((h, i) => `M${(i + gap).toFixed(2)} ${((1 - h) / 2).toFixed(digits)}h${(1 - 2 * gap).toFixed(2)}v${h.toFixed(digits)}h-${(1 - 2 * gap).toFixed(2)}z`).join('');
}
