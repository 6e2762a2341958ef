/**
 * The queue as plain data and pure functions: what plays, what comes next, in which order.
 * Nothing here makes sound, asks the server or knows a clock.
 */
import type { Track } from '../api/types';
import { loudnessOf, type Loudness } from './levels';

export type Repeat = 'off' | 'all' | 'one';
export type QueueTrack = Pick<Track, 'id' | 'title' | 'artists' | 'album' | 'duration_ms' | 'picture'> &
  Partial<Pick<Track, 'disc' | 'number'>> & { loudness?: Loudness | null };
export interface QueueItem {
  /** Tells two appearances of one track apart; unique in a queue. */
  key: number;
  track: QueueTrack;
}

export interface Queue {
  items: readonly QueueItem[];
  /** Index of the current item; -1 exactly when the queue is empty. */
  at: number;
  repeat: Repeat;
  shuffled: boolean;
  /** Keys in the order before shuffling; empty when not shuffled. */
  order: readonly number[];
  nextKey: number;
}

/** Longer selections are cut here; the page says so. */
export const QUEUE_ITEMS_MAX = 5000;

export const emptyQueue: Queue = { items: [], at: -1, repeat: 'off', shuffled: false, order: [], nextKey: 1 };

/** What a queue needs of a track: thousands of these must fit into the browser's small storage. */
export function slim(track: QueueTrack): QueueTrack {
  const { id, title, artists, album, duration_ms, picture, disc, number } = track;
  const loudness = loudnessOf(track);
  return { id, title, artists, album, duration_ms, picture: picture && { ...picture, blur: '' }, disc, number, ...(loudness && { loudness }) };
}

export function current(queue: Queue): QueueItem | null {
  return queue.items[queue.at] ?? null;
}

function keyed(queue: Queue, tracks: readonly QueueTrack[]): QueueItem[] {
  return tracks.map((track, i) => ({ key: queue.nextKey + i, track: slim(track) }));
}

function shuffleItems(items: readonly QueueItem[], random: () => number): QueueItem[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [out[i], out[j]] = [out[j] as QueueItem, out[i] as QueueItem];
  }
  return out;
}

/** Starts over with these tracks at `start`; shuffle keeps `start` first. */
export function replace(queue: Queue, tracks: readonly QueueTrack[], start: number, random: () => number): Queue {
  // A window around the chosen track, so that a cut never loses what was asked for.
  const from = Math.max(0, Math.min(start, tracks.length - QUEUE_ITEMS_MAX));
  const items = keyed(queue, tracks.slice(from, from + QUEUE_ITEMS_MAX));
  const plain: Queue = {
    ...queue,
    items,
    at: items.length === 0 ? -1 : Math.min(Math.max(0, start - from), items.length - 1),
    shuffled: false,
    order: [],
    nextKey: queue.nextKey + items.length,
  };
  return queue.shuffled ? shuffle(plain, random) : plain;
}

/** Another list around the current item, which stands at `at` in it and keeps its key, so that its sound goes on. */
export function around(queue: Queue, tracks: readonly QueueTrack[], at: number): Queue {
  const now = current(queue);
  const next = replace({ ...queue, shuffled: false }, tracks, at, () => 0);
  if (!now) return next;
  return { ...next, items: next.items.map((item, i) => (i === next.at ? { ...item, key: now.key } : item)) };
}

/** The current item stays and comes first; the rest is mixed behind it. */
export function shuffle(queue: Queue, random: () => number): Queue {
  const now = current(queue);
  const rest = queue.items.filter((item) => item !== now);
  return {
    ...queue,
    items: now ? [now, ...shuffleItems(rest, random)] : [],
    at: now ? 0 : -1,
    shuffled: true,
    order: queue.items.map((item) => item.key),
  };
}

/** Back to the order of before; what was added meanwhile stays at the end. */
export function unshuffle(queue: Queue): Queue {
  const now = current(queue);
  const place = new Map(queue.order.map((key, i) => [key, i]));
  const rank = (item: QueueItem): number => place.get(item.key) ?? Number.MAX_SAFE_INTEGER;
  const items = queue.items
    .map((item, i) => ({ item, i }))
    .sort((a, b) => rank(a.item) - rank(b.item) || a.i - b.i)
    .map(({ item }) => item);
  return { ...queue, items, at: now ? items.indexOf(now) : -1, shuffled: false, order: [] };
}

function insertAt(queue: Queue, index: number, tracks: readonly QueueTrack[]): Queue {
  const room = Math.max(0, QUEUE_ITEMS_MAX - queue.items.length);
  const added = keyed(queue, tracks.slice(0, room));
  return {
    ...queue,
    items: [...queue.items.slice(0, index), ...added, ...queue.items.slice(index)],
    at: queue.at < 0 && added.length > 0 ? 0 : queue.at,
    nextKey: queue.nextKey + added.length,
  };
}

export function append(queue: Queue, tracks: readonly QueueTrack[]): Queue {
  return insertAt(queue, queue.items.length, tracks);
}

export function playNext(queue: Queue, tracks: readonly QueueTrack[]): Queue {
  return insertAt(queue, queue.at + 1, tracks);
}

/** Takes one item out. Removing the current one makes its follower current. */
export function remove(queue: Queue, index: number): Queue {
  if (index < 0 || index >= queue.items.length) return queue;
  const items = queue.items.filter((_, i) => i !== index);
  const at = index < queue.at ? queue.at - 1 : Math.min(queue.at, items.length - 1);
  return { ...queue, items, at };
}

/** Puts the item at `from` where `to` is; the current item stays current. */
export function move(queue: Queue, from: number, to: number): Queue {
  const item = queue.items[from];
  if (!item || to < 0 || to >= queue.items.length || from === to) return queue;
  const now = current(queue);
  const items = queue.items.filter((_, i) => i !== from);
  items.splice(to, 0, item);
  return { ...queue, items, at: now ? items.indexOf(now) : -1 };
}

/** Keeps what plays and what has played; drops the rest. */
export function clearUpcoming(queue: Queue): Queue {
  return { ...queue, items: queue.items.slice(0, queue.at + 1) };
}

export function jump(queue: Queue, index: number): Queue {
  return index >= 0 && index < queue.items.length ? { ...queue, at: index } : queue;
}

/**
 * The index that follows, or null at the end. `ended`: the track ran out, so repeat-one holds; otherwise somebody
 * asked for the next one and gets it.
 */
export function following(queue: Queue, ended: boolean): number | null {
  if (queue.at < 0) return null;
  if (ended && queue.repeat === 'one') return queue.at;
  if (queue.at + 1 < queue.items.length) return queue.at + 1;
  return queue.repeat === 'all' ? 0 : null;
}

/** The item that an item leads to by itself, wherever the queue stands; null at the end or when it is not there. */
export function followerOf(queue: Queue, key: number): QueueItem | null {
  const at = current(queue)?.key === key ? queue.at : queue.items.findIndex((item) => item.key === key);
  const index = following({ ...queue, at }, true);
  return index === null ? null : (queue.items[index] ?? null);
}

/** Whether one track directly follows another on their album, so that what lies between them is the album's own. */
export function inOrder(a: QueueTrack, b: QueueTrack): boolean {
  if (!a.album || a.album.id !== b.album?.id) return false;
  if (typeof a.number !== 'number' || typeof b.number !== 'number') return a.number === b.number && a.id !== b.id;
  const [disc, nextDisc] = [a.disc ?? 1, b.disc ?? 1];
  return disc === nextDisc ? b.number === a.number + 1 : nextDisc === disc + 1 && b.number <= 1;
}

/** Whether an item is heard as part of its album: a neighbour in the queue is its neighbour there. */
export function heardInAlbum(queue: Queue, key: number): boolean {
  const at = queue.items.findIndex((item) => item.key === key);
  const [before, item, after] = [queue.items[at - 1], queue.items[at], queue.items[at + 1]];
  if (!item) return false;
  return (before !== undefined && inOrder(before.track, item.track)) || (after !== undefined && inOrder(item.track, after.track));
}

/** The index before; the first one stays unless the whole queue repeats. */
export function preceding(queue: Queue): number {
  if (queue.at > 0) return queue.at - 1;
  return queue.repeat === 'all' ? queue.items.length - 1 : Math.min(0, queue.at);
}

export function nextRepeat(repeat: Repeat): Repeat {
  return repeat === 'off' ? 'all' : repeat === 'all' ? 'one' : 'off';
}

function isTrack(value: unknown): value is QueueTrack {
  const track = value as QueueTrack | null;
  return (
    typeof track === 'object' &&
    track !== null &&
    typeof track.id === 'string' &&
    typeof track.title === 'string' &&
    typeof track.duration_ms === 'number' &&
    Array.isArray(track.artists) &&
    track.artists.every((a: unknown) => typeof (a as { name?: unknown } | null)?.name === 'string')
  );
}

/** Whether something read from storage really is a queue; anything odd is refused whole. */
export function isQueue(value: unknown): value is Queue {
  const q = value as Queue | null;
  if (typeof q !== 'object' || q === null || !Array.isArray(q.items) || !Array.isArray(q.order)) return false;
  if (!Number.isInteger(q.at) || q.at < -1 || q.at >= q.items.length || (q.at === -1) !== (q.items.length === 0)) return false;
  if (!['off', 'all', 'one'].includes(q.repeat) || typeof q.shuffled !== 'boolean') return false;
  if (q.items.length > QUEUE_ITEMS_MAX || !Number.isInteger(q.nextKey)) return false;
  const keys = new Set(q.items.map((item: QueueItem) => item?.key));
  return keys.size === q.items.length && q.items.every((item: QueueItem) => item.key < q.nextKey && isTrack(item.track));
}
