import { api, ask } from '../api/client';
import { asApiError } from '../api/errors';
import type { Album, AlbumDetail, Track } from '../api/types';
import { loudnessOf } from '../player/levels';
import { player } from '../player/player.svelte';
import type { MenuItem } from './menu.svelte';
import { router } from './router.svelte';
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

async function withTracks(albumId: string, act: (tracks: Track[]) => void): Promise<void> {
  try {
    const tracks = playable(tracksOf(await ask(api.GET('/api/v1/albums/{id}', { params: { path: { id: albumId } } }))));
    if (tracks.length > 0) act(tracks);
    else toasts.trouble('Nothing in this album can be played.');
  } catch (thrown) {
    toasts.trouble(`The album didn’t load. ${asApiError(thrown).message}`);
  }
}

export function playAlbum(albumId: string, shuffled?: boolean): Promise<void> {
  return withTracks(albumId, (tracks) => player.playList(tracks, shuffled ? Math.floor(Math.random() * tracks.length) : 0, shuffled));
}

export function albumMenu(album: Album): MenuItem[] {
  const artist = album.artists[0];
  return [
    { label: 'Play', act: () => void playAlbum(album.id, false) },
    { label: 'Shuffle', act: () => void playAlbum(album.id, true) },
    { label: 'Play next', act: () => void withTracks(album.id, (tracks) => player.playNext(tracks)) },
    { label: 'Add to queue', act: () => void withTracks(album.id, (tracks) => player.append(tracks)) },
    ...(artist ? [{ label: `Go to ${artist.name}`, act: () => router.go(`/artists/${artist.id}`) }] : []),
  ];
}

export function trackMenu(track: Track): MenuItem[] {
  const { album } = track;
  const [artist] = track.artists;
  return [
    ...(track.playable
      ? [
          { label: 'Play next', act: () => player.playNext([track]) },
          { label: 'Add to queue', act: () => player.append([track]) },
        ]
      : []),
    ...(album ? [{ label: 'Go to album', act: () => router.go(`/albums/${album.id}`) }] : []),
    ...(artist ? [{ label: `Go to ${artist.name}`, act: () => router.go(`/artists/${artist.id}`) }] : []),
  ];
}
