/** What is done to playlists, from wherever it is done. */
import { api, ask } from '../api/client';
import { asApiError } from '../api/errors';
import type { Entry, Folder, Playlist, PlaylistImported, Track } from '../api/types';
import { invalidate, resource, type Resource } from '../data/cache.svelte';
import { hear } from '../data/heard';
import { QUEUE_ITEMS_MAX } from '../player/queue';
import { plural } from './time';
import { toasts } from './toasts.svelte';

const PAGE_ITEMS = 200;
/** More playlists than this are not gathered for one screen. */
const LISTS_MAX = 4000;
/** Tracks that the server adds in one request. */
export const ADD_MAX = 10_000;
const EXPORT_NAME_MAX = 80;

async function gather<T>(ask: (after: string | undefined) => Promise<{ items: T[]; next?: string | null }>, most: number): Promise<T[]> {
  const items: T[] = [];
  let after: string | undefined;
  do {
    const page = await ask(after);
    items.push(...page.items);
    after = page.next ?? undefined;
  } while (after !== undefined && items.length < most);
  return items.slice(0, most);
}

/** Every playlist that one sees, and one's folders. */
export function shelf(): Resource<{ lists: Playlist[]; folders: Folder[] }> {
  return resource('playlists', ['playlists'], async () => {
    const [lists, folders] = await Promise.all([
      gather<Playlist>((after) => ask(api.GET('/api/v1/playlists', { params: { query: { after, limit: PAGE_ITEMS } } })), LISTS_MAX),
      ask(api.GET('/api/v1/me/playlist-folders')),
    ]);
    return { lists, folders };
  });
}

/** The tracks of a playlist in their order, as many as a queue holds. */
export async function tracksOfList(id: string): Promise<Track[]> {
  const asked = Date.now();
  const entries = await gather<Entry>(
    (after) => ask(api.GET('/api/v1/playlists/{id}/entries', { params: { path: { id }, query: { after, limit: PAGE_ITEMS } } })),
    QUEUE_ITEMS_MAX,
  );
  hear(entries, asked);
  return entries.map((entry) => entry.track);
}

/** Runs a change; says what went wrong and gives null then. */
export async function attempt<T>(what: string, act: () => Promise<T>): Promise<T | null> {
  try {
    const done = await act();
    invalidate('playlists');
    return done;
  } catch (thrown) {
    toasts.trouble(`${what} ${asApiError(thrown).message}`);
    return null;
  }
}

/** What waits to be put into a playlist: the dialog is open while there is something. */
class Adding {
  wish = $state.raw<{ title: string; tracks: () => Promise<readonly string[]> } | null>(null);

  open(title: string, tracks: () => Promise<readonly string[]>): void {
    this.wish = { title, tracks };
  }
}
export const adding = new Adding();

export async function addTo(list: Pick<Playlist, 'id' | 'name'>, tracks: readonly string[]): Promise<boolean> {
  const path = { params: { path: { id: list.id } } };
  const body = { tracks: tracks.slice(0, ADD_MAX) };
  const done = await attempt('Nothing was added.', () => ask(api.POST('/api/v1/playlists/{id}/entries', { ...path, body })));
  if (!done) return false;
  const undo = (): void => {
    void attempt('They are still there.', () => ask(api.POST('/api/v1/playlists/{id}/entries/remove', { ...path, body: { entries: done.entries } })));
  };
  toasts.say(`${plural(body.tracks.length, 'track')} added to “${list.name}”`, { action: { label: 'Undo', act: undo } });
  return true;
}

/** Lets the browser keep a playlist as a file. */
export function exportList(list: Pick<Playlist, 'id' | 'name'>): void {
  const link = document.createElement('a');
  link.href = `/api/v1/playlists/${list.id}/m3u8`;
  link.download = `${list.name.replace(/[^\p{L}\p{N} ._-]+/gu, '_').slice(0, EXPORT_NAME_MAX)}.m3u8`;
  link.click();
}

export async function importList(file: File): Promise<PlaylistImported> {
  const body = await file.text();
  const name = file.name.replace(/\.m3u8?$/i, '');
  const sent = await ask(
    api.POST('/api/v1/playlists/import', {
      params: { query: { name } },
      body,
      bodySerializer: (text: string) => text,
      headers: { 'Content-Type': 'audio/x-mpegurl' },
    }),
  );
  invalidate('playlists');
  return sent;
}

/** "12 tracks · 48 min", or that rules choose. */
export function sizeOf(list: Playlist, length: (ms: number) => string): string {
  if (list.smart) return 'Smart playlist';
  return [plural(list.track_count ?? 0, 'track'), list.duration_ms ? length(list.duration_ms) : ''].filter(Boolean).join(' · ');
}
