import type { QueueTrack } from './queue';
import { pictureUrl } from '../lib/picture';

export interface Controls {
  play(): void;
  pause(): void;
  next?(): void;
  previous?(): void;
  seek(ms: number): void;
  seekBy(ms: number): void;
}

const SKIP_MS = 10_000;

/** Media keys, lock screen, headphones: they belong to whoever sounded last. Unknown actions are skipped. */
export function bindMediaSession(controls: Controls): void {
  if (!('mediaSession' in navigator)) return;
  const bind = (name: MediaSessionAction, act: ((d: MediaSessionActionDetails) => void) | null): void => {
    try {
      navigator.mediaSession.setActionHandler(name, act);
    } catch {
      // This browser has no such key.
    }
  };
  bind('play', () => controls.play());
  bind('pause', () => controls.pause());
  bind('stop', () => controls.pause());
  bind('nexttrack', controls.next ? () => controls.next?.() : null);
  bind('previoustrack', controls.previous ? () => controls.previous?.() : null);
  bind('seekto', (d) => controls.seek((d.seekTime ?? 0) * 1000));
  bind('seekbackward', (d) => controls.seekBy(-(d.seekOffset ? d.seekOffset * 1000 : SKIP_MS)));
  bind('seekforward', (d) => controls.seekBy(d.seekOffset ? d.seekOffset * 1000 : SKIP_MS));
}

type Shown = Pick<QueueTrack, 'title' | 'artists' | 'album' | 'picture'>;

export function showOnLockScreen(track: Shown | null): void {
  if (!('mediaSession' in navigator)) return;
  navigator.mediaSession.metadata = track
    ? new MediaMetadata({
        title: track.title,
        artist: track.artists.map((a) => a.name).join(', '),
        album: track.album?.title ?? '',
        artwork: ([192, 384, 768] as const).flatMap((size) => {
          const src = pictureUrl(track.picture, size);
          return src ? [{ src, sizes: `${size}x${size}` }] : [];
        }),
      })
    : null;
}

export function showPosition(playing: boolean, positionMs: number, durationMs: number): void {
  if (!('mediaSession' in navigator)) return;
  navigator.mediaSession.playbackState = playing ? 'playing' : 'paused';
  if (durationMs <= 0) return;
  navigator.mediaSession.setPositionState?.({
    duration: durationMs / 1000,
    position: Math.min(Math.max(0, positionMs), durationMs) / 1000,
    playbackRate: 1,
  });
}
