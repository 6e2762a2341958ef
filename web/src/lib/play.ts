import { api, ask } from '../api/client';
import { asApiError } from '../api/errors';
import type { Album, AlbumDetail, Artist, ArtistDetail, Playlist, Track, Video } from '../api/types';
import { loudnessOf } from '../player/levels';
import { player } from '../player/player.svelte';
import { details } from './details.svelte';
import { EDITED_AT_ONCE_MAX, editing } from './editing.svelte';
import { keeping } from './keeping.svelte';
import { marks, type Marked } from './marks.svelte';
import type { MenuItem } from './menu.svelte';
import { adding, tracksOfList } from './playlists.svelte';
import { router } from './router.svelte';
import { sharing } from './shares.svelte';
import { session } from './session.svelte';
import { toasts } from './toasts.svelte';

/** An album's tracks in its order; each knows how loud the whole album is, where that was measured. */
export function tracksOf(album: AlbumDetail): Track[] {
  const loudness = loudnessOf(album);
  const tracks = album.discs.flatMap((disc) => disc.tracks);
  return loudness ? tracks.map((track) => ({ ...track, album: track.album && { ...track.album, loudness } })) : tracks;
}

export function playable(tracks: readonly Track[]): Track[] {
  return tracks.filter((track) => track.playable);
}

export const trackMark = ({ id, title, mark }: Track): Marked => ({ kind: 'track', id, name: title, mark });
export const albumMark = ({ id, title, mark }: Album): Marked => ({ kind: 'album', id, name: title, mark });
export const artistMark = ({ id, name, mark }: Artist): Marked => ({ kind: 'artist', id, name, mark });
export const videoMark = ({ id, title, mark }: Video): Marked => ({ kind: 'video', id, name: title, mark });

/** The two lines of every menu of something that can be marked. */
export function markItems(thing: Marked): MenuItem[] {
  const on = marks.get(thing).favourite;
  return [
    { label: on ? 'Remove from favourites' : 'Add to favourites', act: () => marks.favour(thing) },
    { label: `Your rating of ${thing.name}`, act: () => undefined, rate: thing },
  ];
}

async function albumTracks(id: string): Promise<Track[]> {
  return tracksOf(await ask(api.GET('/api/v1/albums/{id}', { params: { path: { id } } })));
}

/** Gets tracks and does something with those that can be played; says what went wrong. */
async function withTracks(what: string, get: () => Promise<Track[]>, act: (tracks: Track[]) => void): Promise<void> {
  try {
    const tracks = playable(await get());
    if (tracks.length > 0) act(tracks);
    else toasts.trouble(`Nothing in this ${what} can be played.`);
  } catch (thrown) {
    toasts.trouble(`The ${what} didn’t load. ${asApiError(thrown).message}`);
  }
}

const start = (shuffled?: boolean) => (tracks: Track[]) =>
  player.playList(tracks, shuffled ? Math.floor(Math.random() * tracks.length) : 0, shuffled);

export function playAlbum(id: string, shuffled?: boolean): Promise<void> {
  return withTracks('album', () => albumTracks(id), start(shuffled));
}

/** All tracks of a real folder and of those below it, from this one on if one is named. */
export function playFolder(id: string, shuffled = false, from?: string): Promise<void> {
  return withTracks('folder', async () => (await ask(api.GET('/api/v1/browse/{id}/below', { params: { path: { id } } }))).tracks, (tracks) => {
    if (from) player.playList(tracks, Math.max(0, tracks.findIndex((one) => one.id === from)));
    else start(shuffled)(tracks);
  });
}

export function playPlaylist(id: string, shuffled?: boolean): Promise<void> {
  return withTracks('playlist', () => tracksOfList(id), start(shuffled));
}

/** Albums of an artist that are played one after another. */
const ARTIST_ALBUMS_MAX = 20;

/** The artist's own albums, newest first; those of others when there are none. */
async function artistTracks(artist: Pick<ArtistDetail, 'albums' | 'appears_on'>): Promise<Track[]> {
  const foreign = new Set(artist.appears_on);
  const own = artist.albums.filter((album) => !foreign.has(album.id));
  const albums = (own.length > 0 ? own : artist.albums).slice(0, ARTIST_ALBUMS_MAX);
  return (await Promise.all(albums.map((album) => albumTracks(album.id)))).flat();
}

export function playArtist(artist: ArtistDetail, shuffled = false): Promise<void> {
  return withTracks('artist’s albums', () => artistTracks(artist), start(shuffled));
}

export function artistMenu(artist: ArtistDetail): MenuItem[] {
  const tracks = (): Promise<Track[]> => artistTracks(artist);
  return [
    { label: 'Play', act: () => void playArtist(artist) },
    { label: 'Shuffle', act: () => void playArtist(artist, true) },
    ...queueItems('artist’s albums', tracks),
    { label: 'Add to a playlist…', act: () => adding.open(artist.name, async () => (await tracks()).map(({ id }) => id)) },
    { label: 'Share…', act: () => sharing.open(artist.name, { artist: artist.id }) },
    ...markItems(artistMark(artist)),
    ...(session.isAdmin ? [{ label: 'Correct the artist…', act: () => editing.open({ kind: 'artist', id: artist.id }) }] : []),
  ];
}

function queueItems(what: string, get: () => Promise<Track[]>): MenuItem[] {
  return [
    { label: 'Play next', act: () => void withTracks(what, get, (tracks) => player.playNext(tracks)) },
    { label: 'Add to queue', act: () => void withTracks(what, get, (tracks) => player.append(tracks)) },
  ];
}

export function albumMenu(album: Album): MenuItem[] {
  const artist = album.artists[0];
  const tracks = (): Promise<Track[]> => albumTracks(album.id);
  return [
    { label: 'Play', act: () => void playAlbum(album.id, false) },
    { label: 'Shuffle', act: () => void playAlbum(album.id, true) },
    ...queueItems('album', tracks),
    { label: 'Add to a playlist…', act: () => adding.open(album.title, async () => (await tracks()).map(({ id }) => id)) },
    { label: 'Share…', act: () => sharing.open(album.title, { album: album.id }) },
    { label: 'Download…', act: () => keeping.album(album.title, album.id) },
    ...markItems(albumMark(album)),
    ...(artist ? [{ label: `Go to ${artist.name}`, act: () => router.go(`/artists/${artist.id}`) }] : []),
    ...(editing.offered
      ? [
          { label: 'Correct the album…', act: () => editing.open({ kind: 'album', id: album.id }) },
          { label: 'Correct its tracks…', act: () => void withTracks('album', tracks, (all) => editing.open({ kind: 'tracks', ids: all.slice(0, EDITED_AT_ONCE_MAX).map(({ id }) => id) })) },
        ]
      : []),
  ];
}

export function playlistMenu(list: Playlist): MenuItem[] {
  const tracks = (): Promise<Track[]> => tracksOfList(list.id);
  return [
    { label: 'Play', act: () => void playPlaylist(list.id, false) },
    { label: 'Shuffle', act: () => void playPlaylist(list.id, true) },
    ...queueItems('playlist', tracks),
    { label: 'Add to another playlist…', act: () => adding.open(list.name, async () => (await tracks()).map(({ id }) => id)) },
    { label: 'Share…', act: () => sharing.open(list.name, { playlist: list.id }) },
    { label: 'Download…', act: () => keeping.playlist(list.name, list.id) },
  ];
}

export function trackMenu(track: Track, more: readonly MenuItem[] = []): MenuItem[] {
  const { album } = track;
  const [artist] = track.artists;
  return [
    ...(track.playable
      ? [
          { label: 'Play next', act: () => player.playNext([track]) },
          { label: 'Add to queue', act: () => player.append([track]) },
        ]
      : []),
    { label: 'Add to a playlist…', act: () => adding.open(track.title, () => Promise.resolve([track.id])) },
    { label: 'Share…', act: () => sharing.open(track.title, { tracks: [track.id] }) },
    ...more,
    ...markItems(trackMark(track)),
    ...(album ? [{ label: 'Go to album', act: () => router.go(`/albums/${album.id}`) }] : []),
    ...(artist ? [{ label: `Go to ${artist.name}`, act: () => router.go(`/artists/${artist.id}`) }] : []),
    { label: 'Details and credits', act: () => details.show(track.id) },
    ...(editing.offered ? [{ label: 'Correct tags…', act: () => editing.open({ kind: 'tracks', ids: [track.id] }) }] : []),
  ];
}
