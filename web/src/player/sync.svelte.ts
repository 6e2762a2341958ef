/**
 * The queue belongs to the listener and not to this page: it is kept by the server and offered on the next device.
 *
 * The page writes when its listener did something here, and from then on where the queue stands, until another device
 * writes another list: what somebody did last holds. What stands in the page's own queue is never replaced unasked.
 */
import { api, ask } from '../api/client';
import { asApiError } from '../api/errors';
import type { QueueItemKept, ServerQueue, Track } from '../api/types';
import { whenChanged } from '../data/events';
import { dropStored, readStored, writeStored } from '../lib/stored';
import { differs, insists, loaded, placeOf, taken, type Kept } from './handoff';
import { player } from './player.svelte';
import type { QueueTrack } from './queue';

/** Several changes in a row are one. */
const SAVE_AFTER_MS = 800;
const LOOK_AFTER_MS = 400;
/** A request that outlives the page may carry 64 KiB; a list of so many numbers stays below. */
const PARTING_TRACKS_MAX = 2000;
const PAGE_ITEMS = 200;

/** A queue that another device left. */
export interface Offer {
  by: string;
  changedAt: string;
  positionMs: number;
  track: Track;
  left: number;
  key: string;
}

class QueueSync {
  offer = $state.raw<Offer | null>(null);
  #name: () => string = () => '';
  #owner = '';
  /** The version of the kept list that this page knows of; null until it was asked. */
  #version: number | null = null;
  /** The list as it was last kept. */
  #kept: string | null = null;
  /** What was done here last decides what is kept. */
  #holds = false;
  #actedAt = -Infinity;
  #unsaved = false;
  #turn: Promise<void> = Promise.resolve();
  #saveTimer: ReturnType<typeof setTimeout> | undefined;
  #lookTimer: ReturnType<typeof setTimeout> | undefined;
  #dismissed = '';

  attach(owner: string, name: () => string): () => void {
    this.#name = name;
    this.#owner = owner;
    this.#version = this.#kept = null;
    this.#holds = false;
    this.#dismissed = '';
    // Something that was done offline and could not be told before the page was closed.
    this.#unsaved = readStored(this.#flag, false, (value): value is boolean => typeof value === 'boolean');
    player.watch = { acted: () => this.#acted(), kept: () => this.#noticed() };
    const parting = (): void => this.part();
    const shown = (): void => (document.visibilityState === 'hidden' ? this.part() : this.#lookSoon());
    const back = (): void => this.#lookSoon();
    addEventListener('pagehide', parting);
    addEventListener('online', back);
    document.addEventListener('visibilitychange', shown);
    const stop = whenChanged('queue', () => this.#lookSoon());
    this.#quietly(() => this.#look());
    return () => {
      this.part();
      stop();
      this.#stopTimer();
      clearTimeout(this.#lookTimer);
      removeEventListener('pagehide', parting);
      removeEventListener('online', back);
      document.removeEventListener('visibilitychange', shown);
      player.watch = null;
      this.offer = null;
    };
  }

  /** Keeps where the queue stands, for the case that this page ends unasked. */
  tick(): void {
    if (this.#unsaved || (this.#holds && player.on)) this.#quietly(() => this.#save());
  }

  /** What is kept was written under another name, and would be taken for another device's. */
  renamed(): void {
    if (!this.#holds) return;
    this.#mark(true);
    this.#saveSoon();
  }

  dismiss(): void {
    this.#dismissed = this.offer?.key ?? '';
    this.offer = null;
  }

  /** Puts what the queue holds and where it stands into the server's hands; true when it is there. */
  async hand(): Promise<boolean> {
    this.#stopTimer();
    this.#holds = true;
    this.#actedAt = Date.now();
    this.#mark(true);
    try {
      await this.#inTurn(() => this.#save());
    } catch {
      return false;
    }
    return !this.#unsaved;
  }

  /** Goes on here with the kept queue; `from` is where another device says that it is. False when there is nothing to play. */
  async take(from?: { track: Track; positionMs: number }): Promise<boolean> {
    let done = false;
    await this.#inTurn(async () => {
      const queue = await ask(api.GET('/api/v1/me/queue'));
      const place = placeOf(queue);
      // A device that plays something of its own is followed there; its list is where it stands in, if anywhere.
      const current = !from || place.trackId === from.track.id ? queue.current : queue.tracks.indexOf(from.track.id);
      const list =
        current < 0 && from
          ? { tracks: [from.track], at: 0, positionMs: from.positionMs }
          : taken(await this.#items(), current, from ? from.positionMs : queue.position_ms);
      if (!list) return;
      this.#know(queue);
      this.offer = null;
      player.continueWith(list.tracks, list.at, list.positionMs);
      done = true;
    });
    return done;
  }

  /**
   * Does as an app or another device says: takes the kept queue in place of the page's own, and plays what is at a place in
   * it, or else goes on with what plays. False when nothing of it can be played.
   */
  async obey(play: boolean, jump?: { index: number; positionMs: number }): Promise<boolean> {
    let done = true;
    await this.#inTurn(async () => {
      const queue = await ask(api.GET('/api/v1/me/queue'));
      const { items } = player.queue;
      const same = queue.tracks.join() === items.map((item) => item.track.id).join();
      const kept: Kept<QueueTrack & { playable?: boolean }>[] = same || queue.tracks.length === 0 ? items.map(({ track }, index) => ({ index, track })) : await this.#items();
      const from = jump && taken(kept, jump.index, jump.positionMs);
      const list = from ? { ...from, stays: false } : loaded(kept, queue.current, queue.position_ms, player.track?.id ?? null);
      if (queue.tracks.length === 0) player.adopt([], 0, 0, { play: false, stays: false });
      else if (!list) {
        done = false;
        return;
      } else if (!same) player.adopt(list.tracks, list.at, list.positionMs, { play: play || jump !== undefined, stays: list.stays });
      else if (jump) player.jump(list.at, list.positionMs);
      else if (play && !player.on) player.play();
      this.#know(queue);
      this.#acted();
      // It was not done here: when somebody does something else meanwhile, this page gives way.
      this.#actedAt = -Infinity;
    });
    return done;
  }

  /** What must be said before the page goes is said now, by a request that outlives it. */
  part(): void {
    if (!this.#holds || this.#version === null || !(this.#unsaved || player.on || this.#saveTimer !== undefined)) return;
    this.#stopTimer();
    const { body, list, ids } = this.#now(this.#version);
    if (list === this.#kept) void this.#silently(api.PATCH('/api/v1/me/queue', { body, keepalive: true }));
    else if (ids.length <= PARTING_TRACKS_MAX) {
      void this.#silently(api.PUT('/api/v1/me/queue', { body: { ...body, tracks: ids }, keepalive: true }), list);
    }
  }

  async #silently(request: Promise<{ response: Response; data?: ServerQueue }>, list?: string): Promise<void> {
    try {
      const { response, data } = await request;
      if (!response.ok) return;
      this.#mark(false);
      if (list === undefined || !data) return;
      this.#version = data.version;
      this.#kept = list;
    } catch {
      // The flag says at the next visit that something is missing.
    }
  }

  #acted(): void {
    this.#holds = true;
    this.#actedAt = Date.now();
    this.#mark(true);
    this.offer = null;
    this.#saveSoon();
  }

  #noticed(): void {
    if (this.#holds) this.#saveSoon();
  }

  #saveSoon(): void {
    this.#stopTimer();
    this.#saveTimer = setTimeout(() => {
      this.#saveTimer = undefined;
      this.#quietly(() => this.#save());
    }, SAVE_AFTER_MS);
  }

  #stopTimer(): void {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = undefined;
  }

  #lookSoon(): void {
    clearTimeout(this.#lookTimer);
    // A page in the background asks when it is looked at.
    if (document.visibilityState === 'hidden' && !player.on) return;
    this.#lookTimer = setTimeout(() => this.#quietly(() => this.#look()), LOOK_AFTER_MS);
  }

  /** One request at a time. */
  #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** The same where nobody waits for it: what cannot reach the server now is tried again later. */
  #quietly(act: () => Promise<void>): void {
    this.#inTurn(act).catch((thrown: unknown) => {
      const error = asApiError(thrown);
      // What the server will not take is not sent again and again.
      if (!error.offline && error.status < 500) this.#holds = false;
    });
  }

  #now(version: number): { body: { current: number; position_ms: number; changed_by: string; version: number }; ids: string[]; list: string } {
    const ids = player.queue.items.map((item) => item.track.id);
    const body = { current: Math.max(0, player.queue.at), position_ms: Math.max(0, Math.round(player.exactMs)), changed_by: this.#name(), version };
    return { body, ids, list: ids.join() };
  }

  async #save(): Promise<void> {
    if (!this.#holds && !this.#unsaved) return;
    if (this.#version === null) {
      await this.#look();
      if (!this.#holds && !this.#unsaved) return;
    }
    const { body, ids, list } = this.#now(this.#version ?? 0);
    if (ids.length === 0 && this.#version === 0) return this.#mark(false);
    try {
      if (list === this.#kept) await ask(api.PATCH('/api/v1/me/queue', { body }));
      else {
        const kept = await ask(api.PUT('/api/v1/me/queue', { body: { ...body, tracks: ids } }));
        this.#version = kept.version;
        this.#kept = list;
      }
      this.#mark(false);
    } catch (thrown) {
      if (asApiError(thrown).code !== 'stale') throw thrown;
      const queue = await ask(api.GET('/api/v1/me/queue'));
      this.#know(queue);
      // What was done here is kept already when nothing waits to be; then the other one has done something since.
      if (this.#unsaved && insists(this.#actedAt, Date.now())) return this.#save();
      await this.#yield(queue);
    }
  }

  /** Another device has written: it decides from now on, until something is done here. */
  async #yield(queue: ServerQueue): Promise<void> {
    this.#holds = false;
    this.#mark(false);
    await this.#propose(queue);
  }

  async #look(): Promise<void> {
    const before = this.#version;
    const queue = await ask(api.GET('/api/v1/me/queue'));
    const waits = this.#unsaved;
    if (before === null) {
      this.#know(queue);
      // What was done offline stands against what has been done elsewhere since: the one that was told is kept.
      if (waits && !this.#holds && (queue.version === 0 || queue.changed_by === this.#name())) {
        this.#holds = true;
        this.#saveSoon();
      } else if (!this.#holds) await this.#yield(queue);
      return;
    }
    if (queue.version !== before) {
      if (this.#holds && waits) return this.#saveSoon();
      this.#know(queue);
      await this.#yield(queue);
      return;
    }
    if (queue.changed_by !== this.#name() && !(this.#holds && waits)) await this.#yield(queue);
    else if (waits) this.#saveSoon();
    else if (!this.#holds) await this.#propose(queue);
  }

  #know(queue: ServerQueue): void {
    this.#version = queue.version;
    this.#kept = queue.tracks.join();
  }

  async #propose(queue: ServerQueue): Promise<void> {
    const place = placeOf(queue);
    const key = `${queue.version} ${queue.changed_at ?? ''}`;
    const here = { trackId: player.track?.id ?? null, positionMs: player.exactMs };
    if (place.trackId === null || key === this.#dismissed || !differs(place, here)) {
      this.offer = null;
      return;
    }
    if (this.offer?.key === key) return;
    const answer = await api.GET('/api/v1/tracks/{id}', { params: { path: { id: place.trackId } } });
    const left = queue.tracks.length - queue.current - 1;
    const track = answer.data;
    this.offer = track ? { by: queue.changed_by, changedAt: queue.changed_at ?? '', positionMs: place.positionMs, track, left, key } : null;
  }

  async #items(): Promise<QueueItemKept[]> {
    const items: QueueItemKept[] = [];
    let after: string | undefined;
    do {
      const page = await ask(api.GET('/api/v1/me/queue/tracks', { params: { query: { after, limit: PAGE_ITEMS } } }));
      items.push(...page.items);
      after = page.next ?? undefined;
    } while (after !== undefined);
    return items;
  }

  get #flag(): string {
    return `odeon.unsaved.${this.#owner}`;
  }

  #mark(unsaved: boolean): void {
    if (unsaved === this.#unsaved) return;
    this.#unsaved = unsaved;
    if (unsaved) writeStored(this.#flag, true);
    else dropStored(this.#flag);
  }
}

export const queueSync = new QueueSync();
