/** How a queue goes from one device to another, as plain functions: no clock, no network. */
import type { Device, ServerQueue } from '../api/types';

/** Two places in a track that are nearer than this are the same place. */
export const SAME_PLACE_MS = 10_000;
/** Somebody who did something so lately is the last writer, whatever another device has said meanwhile. */
export const ACT_WINS_MS = 20_000;

export interface Place {
  trackId: string | null;
  positionMs: number;
}

/** A device as it was last heard of, and when that was by the clock of this page. */
export interface Seen extends Device {
  heardAt: number;
}

/** Where a device is in its track now. */
export function positionOf(device: Seen, now: number): number {
  const since = device.state === 'playing' ? device.seen_ms_ago + Math.max(0, now - device.heardAt) : 0;
  return Math.min(device.position_ms + since, device.track?.duration_ms ?? Number.MAX_SAFE_INTEGER);
}

/**
 * What a page says of itself. One that was not heard yet may still be kept silent by its browser, so it does not say that it
 * plays before it does.
 */
export function stateOf(page: { hasTrack: boolean; on: boolean; proven: boolean; blocked: boolean }): Device['state'] {
  if (!page.hasTrack) return 'stopped';
  if (page.on && page.proven) return 'playing';
  return page.blocked ? 'blocked' : 'paused';
}

export function placeOf(queue: ServerQueue): Place {
  return { trackId: queue.tracks[queue.current] ?? null, positionMs: queue.position_ms };
}

/** Whether the kept queue stands somewhere else than this page, so that it is worth being offered. */
export function differs(kept: Place, here: Place): boolean {
  if (kept.trackId === null) return false;
  return kept.trackId !== here.trackId || Math.abs(kept.positionMs - here.positionMs) > SAME_PLACE_MS;
}

export interface Taken<T> {
  tracks: T[];
  at: number;
  positionMs: number;
}

/** A track at its place in the kept queue; places of what is out of sight are left out. */
export interface Kept<T> {
  index: number;
  track: T;
}
interface Playable {
  id: string;
  playable?: boolean;
}
const playable = (item: Kept<Playable>): boolean => item.track.playable !== false;

/**
 * What of a kept queue is played from here on, and where: tracks that are out of sight are passed over. When the current one
 * is, the next that can be seen begins, from its start.
 */
export function taken<T extends Playable>(items: readonly Kept<T>[], current: number, positionMs: number): Taken<T> | null {
  const seen = items.filter(playable);
  if (seen.length === 0) return null;
  const found = seen.findIndex((item) => item.index >= current);
  const at = found < 0 ? seen.length - 1 : found;
  const same = seen[at]?.index === current;
  return { tracks: seen.map((item) => item.track), at, positionMs: same ? positionMs : 0 };
}

/** The same for a page that is to take the kept queue without being disturbed: when its own track is in it, it stays there. */
export function loaded<T extends Playable>(items: readonly Kept<T>[], current: number, positionMs: number, trackId: string | null): (Taken<T> & { stays: boolean }) | null {
  const from = taken(items, current, positionMs);
  if (!from) return null;
  const seen = items.filter(playable);
  const away = (at: number): number => Math.abs((seen[at]?.index ?? 0) - current);
  const mine = seen.flatMap((item, at) => (item.track.id === trackId ? [at] : [])).sort((a, b) => away(a) - away(b));
  const [at] = mine;
  return at === undefined ? { ...from, stays: false } : { ...from, at, positionMs: 0, stays: true };
}

/**
 * After the list was refused as stale: whether this page says it again, or leaves it to the other one. What was done at a
 * time that is yet to come was done by a clock that has been put right since.
 */
export function insists(actedAt: number, now: number): boolean {
  return now >= actedAt && now - actedAt < ACT_WINS_MS;
}

/**
 * "Chrome on Linux" and so on, made fit to be a name, as the server makes it: a page knows by it what it has written itself.
 */
export function deviceName(typed: string, otherwise: string): string {
  const plain = typed.normalize('NFC').replace(/[\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\p{Cs}]/gu, '');
  const clean = plain.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return [...(clean || otherwise)].slice(0, 60).join('');
}
