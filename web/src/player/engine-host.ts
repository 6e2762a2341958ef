/** What the music engine asks of whoever has the queue, and tells it. */
import type { TrackGrant } from '../api/types';
import type { Opening } from './joiner';
import type { PlayState } from './machine';
import type { SoundQuality } from './quality';

export interface EngineHost {
  /**
   * Asks the server for leave and addresses; `fresh`: what is known does not serve any more; `alone`: the run of its album
   * does not serve. Throws an `ApiError`.
   */
  grant(trackId: string, fresh?: boolean, alone?: boolean): Promise<TrackGrant>;
  /** The file of a track can't be played: grants for it are to be for what is encoded. */
  spoilt(trackId: string): void;
  changed(state: PlayState): void;
  moved(positionMs: number, durationMs: number, bufferedMs: number): void;
  /** The track ran out, or fades; the host opens what follows before returning, or nothing. */
  ended(): void;
  /** What follows an item by itself, or null. */
  following(key: number): Opening | null;
  /** Another item sounds already: it was joined to the one before. */
  passed(key: number): void;
  /** Whether tracks are to be joined without a seam. */
  gapless(): boolean;
  /** As what music is to be fetched. */
  quality(): SoundQuality;
  /** How long one item is to fade into another; 0 when it is not. */
  fadeMs(key: number, next: number): number;
  /** Whether any may. */
  fades(): boolean;
  /** The amplitude that an item is multiplied with, so that it is as loud as others. */
  level(key: number): number;
  /** The browser wants a press first; the host shows Play. */
  refused(): void;
  /** What was to play is not there any more. */
  gone(): void;
}
