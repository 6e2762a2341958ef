/** Decides which tracks can be joined in one buffer, and opens their exact sound. */
import { ApiError, offlineError } from '../api/errors';
import type { TrackGrant } from '../api/types';
import type { Deck } from './deck';
import { isEncoded, type SoundQuality } from './quality';
import { AlbumTrack } from './sound/album';
import { BadSound } from './sound/flac';
import { fits, openFeed, type Feed } from './sound/feed';
import { LineTrouble, noPatience } from './sound/line';
import { canRun, pause } from './sound/run';
import type { Joined, Part } from './sound/timeline';

/** An item of the queue as the engine needs it. */
export interface Opening {
  key: number;
  trackId: string;
  lengthMs: number;
}

interface JoinHost {
  grant(trackId: string, fresh?: boolean, alone?: boolean): Promise<TrackGrant>;
  following(key: number): Opening | null;
  gapless(): boolean;
  quality(): SoundQuality;
  fadeMs(key: number, next: number): number;
}

/** Sound that is kept back to change over in another way when nothing could be joined in time. */
const CHANGE_OVER_MS = 6000;
const LOOK_AGAIN_MS = 1000;
const LOOK_AGAIN_MAX_MS = 6000;
const WORTH_LOOKING_AGAIN_MS = 4000;
const LOSSY = /^audio\/(mpeg|aac|webm)|opus|vorbis|mp4a|mp3/;

export class Joiner {
  readonly #able = canRun();
  /** Tracks whose bytes could not be joined; they play by themselves. */
  #refused = new Set<string>();
  #lookedAt = new Map<string, number>();

  constructor(private readonly host: JoinHost) {}

  refuse(trackId: string): void {
    this.#refused.add(trackId);
  }

  /** Leave to play a track: by itself, where joining it has failed. */
  grant(trackId: string, fresh = false): Promise<TrackGrant> {
    return this.host.grant(trackId, fresh, this.#refused.has(trackId));
  }

  /** What is to be joined behind an item, as the queue stands. */
  following(key: number): Opening | null {
    const next = this.host.following(key);
    return next && this.#joins(next) && this.host.fadeMs(key, next.key) === 0 ? next : null;
  }

  /** The exact sound of a granted track, or null when it has none or nobody wants it. Throws an `ApiError`. */
  async open(item: Opening, grant: TrackGrant, signal: AbortSignal = new AbortController().signal): Promise<Joined | null> {
    if (!this.#joins(item)) return null;
    const quality = this.host.quality();
    const again = (): Promise<TrackGrant> => this.grant(item.trackId, true);
    let feed: Feed | null;
    try {
      feed = isEncoded(quality)
        ? await AlbumTrack.open(grant, again, quality, item.lengthMs, signal, noPatience)
        : await openFeed(grant, again, signal, noPatience);
    } catch (thrown) {
      if (thrown instanceof BadSound) {
        this.refuse(item.trackId);
        return null;
      }
      if (!(thrown instanceof LineTrouble)) throw thrown;
      throw thrown.kind === 'gone' ? new ApiError(404, 'not_found', thrown.message, thrown.message) : offlineError();
    }
    return feed && { ...item, feed };
  }

  /** The exact sound of a track that plays from its file, if that can have come to be. */
  async refine(item: Opening, grant: TrackGrant): Promise<Joined | null> {
    return this.#isThere(grant) ? this.open(item, grant) : null;
  }

  /** Whether something is being made that would make the change to this track exact. Asks now and then only. */
  async worthWaiting(item: Opening, grant: TrackGrant): Promise<boolean> {
    if (!this.#joins(item) || !this.#mayCome(grant)) return false;
    const looked = this.#lookedAt.get(item.trackId) ?? -Infinity;
    if (performance.now() - looked < WORTH_LOOKING_AGAIN_MS) return true;
    this.#lookedAt.clear();
    this.#lookedAt.set(item.trackId, performance.now());
    return (await this.open(item, grant)) === null && this.#joins(item);
  }

  /** What follows a part of a run, as soon as it can be joined; null when it can't, or not in time. */
  async next(deck: Deck, after: Part, signal: AbortSignal): Promise<Joined | null> {
    for (let wait = LOOK_AGAIN_MS; ; wait = Math.min(wait * 1.5, LOOK_AGAIN_MAX_MS)) {
      const next = this.following(after.key);
      if (!next) return null;
      try {
        const grant = await this.grant(next.trackId);
        signal.throwIfAborted();
        const joined = await this.open(next, grant, signal);
        signal.throwIfAborted();
        const still = this.following(after.key)?.key === next.key;
        if (joined && still) return fits(joined.feed, after.feed) ? joined : null;
        if (still && !this.#mayCome(grant)) return null;
        if (!still) continue;
      } catch (thrown) {
        signal.throwIfAborted();
        // What is wrong with it is said when its turn comes; a cut line may be mended by then.
        if (!(thrown instanceof ApiError) || thrown.status > 0) return null;
      }
      if ((deck.run?.aheadMs ?? 0) < CHANGE_OVER_MS) return null;
      await pause(wait, signal);
      await playing(deck.element, signal);
    }
  }

  /** Whether what can be joined has been made. */
  #isThere(grant: TrackGrant): boolean {
    if (isEncoded(this.host.quality())) return Boolean(grant.run?.hls);
    return grant.state === 'ready' && !isLossy(grant);
  }

  /** Whether what can be joined may still appear. */
  #mayCome(grant: TrackGrant): boolean {
    if (!isEncoded(this.host.quality())) return isMade(grant.state) && !isLossy(grant);
    return grant.run !== null && grant.run !== undefined && !grant.run.hls && isMade(grant.run.state);
  }

  #joins(item: Opening): boolean {
    return this.#able && this.host.gapless() && !this.#refused.has(item.trackId);
  }
}

const isMade = (state: TrackGrant['state']): boolean => state === 'waiting' || state === 'encoding';

function isLossy({ original }: TrackGrant): boolean {
  return original ? LOSSY.test(original.mime) : false;
}

/** A paused listener is in no hurry, and the server need not be asked again and again meanwhile. */
function playing(element: HTMLAudioElement, signal: AbortSignal): Promise<void> {
  if (!element.paused) return Promise.resolve();
  return new Promise((go, stop) => {
    const on = (): void => {
      element.removeEventListener('play', on);
      signal.removeEventListener('abort', on);
      if (signal.aborted) stop(signal.reason);
      else go();
    };
    element.addEventListener('play', on);
    signal.addEventListener('abort', on);
  });
}
