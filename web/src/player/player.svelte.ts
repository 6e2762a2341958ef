/** The one music player of the page: the queue, the engine, what is remembered, and what the screen shows of it. */
import { api, ask } from '../api/client';
import type { TrackGrant } from '../api/types';
import { CROSSFADE_S_MAX, prefs } from '../lib/prefs.svelte';
import { readStored, writeStored } from '../lib/stored';
import { announcer, toasts } from '../lib/toasts.svelte';
import { MusicEngine } from './engine';
import type { Opening } from './joiner';
import { gainOf, PREGAIN_DB_MAX } from './levels';
import { idle, waits, type PlayState } from './machine';
import { bindMediaSession, showOnLockScreen, showPosition } from './media-session';
import { betterWish, isEncoded, type SoundQuality, type Wish } from './quality';
import * as q from './queue';
import type { Queue, QueueItem, QueueTrack } from './queue';

/** Previous within this time goes to the track before; later it goes to the start. */
const RESTART_AFTER_MS = 3000;
const KEEP_POSITION_EVERY_MS = 3000;
/** Addresses are not used in the last minute of their life. */
const GRANT_SPARE_MS = 60_000;
const GRANTS_MAX = 50;
/** The server holds its answer back for so long when there is nothing to play yet. */
const GRANT_WAIT_MS = 2000;
export const SOUND_EVENT = 'odeon:sound';
/** What the page says when the browser wants a press first. */
export const PRESS_PLAY = 'Press Play to start the sound.';

/** Whoever wants to know what happens to the queue. */
export interface PlayerWatch {
  /** Somebody did something here. */
  acted(): void;
  /** The queue or where it stands has changed, for whatever reason. */
  kept(): void;
}

const opening = ({ key, track }: QueueItem): Opening => ({ key, trackId: track.id, lengthMs: track.duration_ms });

class Player {
  queue = $state.raw<Queue>(q.emptyQueue);
  state = $state.raw<PlayState>(idle);
  positionMs = $state(0);
  durationMs = $state(0);
  bufferedMs = $state(0);
  queueOpen = $state(false);
  stageOpen = $state(false);
  readonly item = $derived<QueueItem | null>(q.current(this.queue));
  readonly track = $derived<QueueTrack | null>(this.item?.track ?? null);
  readonly on = $derived(this.state.wanted);
  readonly waiting = $derived(waits(this.state));
  /** Sound was to begin here, and the browser wants a press of Play first. */
  blocked = $state(false);
  /** This page was heard, so that its browser lets it be heard again. */
  proven = $state(false);
  watch: PlayerWatch | null = null;
  /** How often the place in the track was changed by hand. */
  leaps = $state(0);
  #engine: MusicEngine | null = null;
  #owner = '';
  #keptAt = 0;
  /** Songs in a row that were not there any more. */
  #gone = 0;
  #grants = new Map<string, TrackGrant>();
  /** Tracks whose file this browser could not play to its end. */
  #spoilt = new Set<string>();

  /** Takes over the two elements of the page and what this person had in the queue. */
  attach(elements: readonly [HTMLAudioElement, HTMLAudioElement], owner: string): () => void {
    this.#owner = owner;
    this.#engine = new MusicEngine(
      {
        grant: (id, fresh, alone) => this.#grant(id, fresh, alone),
        spoilt: (id) => this.#spoilt.add(id),
        changed: (state) => this.#changed(state),
        moved: (position, duration, buffered) => this.#moved(position, duration, buffered),
        ended: () => this.#advance(true),
        following: (key) => {
          const item = q.followerOf(this.queue, key);
          return item && opening(item);
        },
        passed: (key) => this.#passed(key),
        gapless: () => prefs.get('gapless'),
        quality: () => prefs.get('sound'),
        fadeMs: (key, next) => this.#fadeMs(key, next),
        fades: () => prefs.get('crossfade') > 0,
        level: (key) => this.#level(key),
        refused: () => this.#refused(),
        gone: () => this.#skipGone(),
      },
      elements,
    );
    this.#hearPrefs();
    this.#restore();
    bindMediaSession(this);
    // What the page goes with is kept here; what the server must know is said by whoever holds the queue.
    const keep = (): void => this.#keepHere();
    const back = (): void => this.#engine?.hurry();
    const yieldTo = (event: Event): void => {
      if ((event as CustomEvent<string>).detail !== 'music') this.pause();
    };
    addEventListener('pagehide', keep);
    addEventListener('online', back);
    addEventListener(SOUND_EVENT, yieldTo);
    return () => {
      keep();
      removeEventListener('pagehide', keep);
      removeEventListener('online', back);
      removeEventListener(SOUND_EVENT, yieldTo);
      this.#engine?.close();
      this.#engine?.desk.close();
      this.#engine = null;
      this.queue = q.emptyQueue;
      this.queueOpen = this.stageOpen = this.blocked = false;
      this.#grants.clear();
      showOnLockScreen(null);
    };
  }

  /** The media keys belong to the music from here on. */
  holdMediaKeys(): void {
    bindMediaSession(this);
    showOnLockScreen(this.track);
  }

  /** Replaces the queue and plays from `start`. */
  playList(tracks: readonly QueueTrack[], start = 0, shuffled?: boolean): void {
    if (tracks.length === 0) return;
    if (tracks.length > q.QUEUE_ITEMS_MAX) toasts.say(`The queue holds ${q.QUEUE_ITEMS_MAX} tracks; the rest was left out.`);
    const base = shuffled === undefined ? this.queue : { ...this.queue, shuffled };
    this.queue = q.replace(base, tracks, start, Math.random);
    this.#open(true);
    this.watch?.acted();
  }

  /** Goes on with the queue of another device, in the order that it has there. */
  continueWith(tracks: readonly QueueTrack[], at: number, positionMs: number): void {
    this.queue = q.replace({ ...this.queue, shuffled: false }, tracks, at, Math.random);
    this.#open(true, positionMs);
    this.watch?.acted();
  }

  /** Takes a list that was chosen elsewhere. What `stays` stands at `at` in it already and goes on undisturbed. */
  adopt(tracks: readonly QueueTrack[], at: number, positionMs: number, { play, stays }: { play: boolean; stays: boolean }): void {
    if (!stays) {
      this.queue = q.replace({ ...this.queue, shuffled: false }, tracks, at, Math.random);
      this.#open(play || this.on, positionMs);
      return;
    }
    this.queue = q.around(this.queue, tracks, at);
    this.#engine?.reconsider();
    this.#keep();
    if (play && !this.on) this.#engine?.play();
  }

  playNext(tracks: readonly QueueTrack[]): void {
    this.#add(q.playNext(this.queue, tracks), tracks, 'plays next');
  }

  append(tracks: readonly QueueTrack[]): void {
    this.#add(q.append(this.queue, tracks), tracks, 'added to the queue');
  }

  play = (): void => {
    this.#engine?.play();
    this.watch?.acted();
  };
  pause = (): void => {
    this.blocked = false;
    this.#engine?.pause();
  };
  toggle = (): void => (this.on ? this.pause() : this.play());
  next = (): void => {
    this.#advance(false);
    this.watch?.acted();
  };

  previous = (): void => {
    if (!this.item) return;
    const index = q.preceding(this.queue);
    if (this.positionMs > RESTART_AFTER_MS || index === this.queue.at) {
      this.seek(0);
      return;
    }
    this.queue = q.jump(this.queue, index);
    this.#open(this.on);
    this.watch?.acted();
  };

  jump(index: number, atMs = 0): void {
    this.queue = q.jump(this.queue, index);
    this.#open(true, atMs);
    this.watch?.acted();
  }

  seek = (ms: number): void => {
    this.#engine?.seek(ms);
    this.leaps += 1;
    this.watch?.kept();
  };
  seekBy = (ms: number): void => this.seek(this.positionMs + ms);

  remove(index: number): void {
    const before = this.queue;
    const gone = before.items[index];
    if (!gone) return;
    const position = this.positionMs;
    this.#set(q.remove(before, index));
    if (index === before.at) this.#open(this.on);
    toasts.say(`Removed “${gone.track.title}”`, { action: { label: 'Undo', act: () => this.#undo(before, position) } });
  }

  move(from: number, to: number): void {
    this.#set(q.move(this.queue, from, to));
  }

  clearUpcoming(): void {
    const before = this.queue;
    this.#set(q.clearUpcoming(before));
    toasts.say('Cleared what was coming up', { action: { label: 'Undo', act: () => this.#undo(before, this.positionMs) } });
  }

  toggleShuffle = (): void => {
    this.#set(this.queue.shuffled ? q.unshuffle(this.queue) : q.shuffle(this.queue, Math.random));
  };

  cycleRepeat = (): void => this.#set({ ...this.queue, repeat: q.nextRepeat(this.queue.repeat) });

  setVolume(level: number): void {
    const volume = Math.min(1, Math.max(0, level));
    prefs.set('volume', volume);
    if (volume > 0) prefs.set('muted', false);
    this.#hearPrefs();
  }

  toggleMute = (): void => {
    prefs.set('muted', !prefs.get('muted'));
    this.#hearPrefs();
  };

  /** Volume and mute may also have been changed by the film on the stage. */
  #hearPrefs(): void {
    if (!this.#engine) return;
    this.#engine.desk.volume = prefs.get('volume');
    this.#engine.desk.muted = prefs.get('muted');
  }

  /** Where the ear is this moment; `positionMs` follows a few times a second. */
  get exactMs(): number {
    return this.#engine?.positionMs ?? this.positionMs;
  }

  /** Another quality was chosen: what plays is fetched anew where it is. */
  hearQuality(): void {
    this.#engine?.reopen();
  }

  /** A setting of how tracks meet or how loud they are was changed. */
  hearSettings(): void {
    this.#engine?.reconsider();
  }

  /** Whether this device lets the page decide how loud it is. */
  get adjustable(): boolean {
    return this.#engine?.desk.adjustable ?? true;
  }

  #fadeMs(key: number, next: number): number {
    const seconds = Math.min(prefs.get('crossfade'), CROSSFADE_S_MAX);
    if (seconds <= 0) return 0;
    const find = (wanted: number): QueueTrack | undefined => this.queue.items.find((item) => item.key === wanted)?.track;
    const [a, b] = [find(key), find(next)];
    return a && b && !q.inOrder(a, b) ? seconds * 1000 : 0;
  }

  #level(key: number): number {
    const track = this.queue.items.find((item) => item.key === key)?.track;
    const mode = prefs.get('levelling');
    const album = mode === 'album' && q.heardInAlbum(this.queue, key) ? track?.album : null;
    return gainOf(track, album, mode, Math.min(prefs.get('pregain'), PREGAIN_DB_MAX));
  }

  /** The sound has gone on to another item by itself; the queue follows it. */
  #passed(key: number): void {
    const index = this.queue.items.findIndex((item) => item.key === key);
    if (index < 0) return;
    this.queue = q.jump(this.queue, index);
    this.#announce();
    this.#keep();
    showPosition(this.on, this.positionMs, this.durationMs);
  }

  #announce(): void {
    const { track } = this;
    showOnLockScreen(track);
    if (track) announcer.say(`Now playing: ${track.title}${track.artists[0] ? ` by ${track.artists[0].name}` : ''}`);
  }

  #add(queue: Queue, tracks: readonly QueueTrack[], what: string): void {
    const before = this.queue;
    const added = queue.items.length - before.items.length;
    if (added === 0) {
      toasts.say(`The queue is full: it holds ${q.QUEUE_ITEMS_MAX} tracks.`);
      return;
    }
    this.#set(queue);
    if (before.at < 0) this.#open(false);
    const name = added === 1 ? `“${tracks[0]?.title}”` : `${added} tracks`;
    toasts.say(added === 1 || what !== 'plays next' ? `${name} ${what}` : `${name} play next`, {
      action: { label: 'Undo', act: () => this.#undo(before, this.positionMs) },
    });
  }

  #undo(before: Queue, positionMs: number): void {
    const same = this.track?.id !== undefined && this.track.id === q.current(before)?.track.id;
    this.#set(before);
    if (!same) this.#open(this.on, positionMs);
  }

  /** A song was removed from the house: the next one plays, unless all of them are gone. */
  #skipGone(): void {
    const { track } = this;
    if (track) toasts.say(`“${track.title}” is no longer here.`);
    this.#gone += 1;
    if (this.#gone < this.queue.items.length) this.#advance(true);
  }

  #advance(ended: boolean): void {
    const index = q.following(this.queue, ended);
    if (index === null) {
      if (!ended && this.item) this.seek(Math.max(0, this.durationMs - 1));
      return;
    }
    this.queue = q.jump(this.queue, index);
    this.#open(ended || this.on);
  }

  #open(play: boolean, atMs = 0): void {
    const { item } = this;
    if (!item || !this.#engine) {
      this.blocked = false;
      this.#engine?.close();
      this.queueOpen = this.stageOpen = false;
    } else if (play) {
      this.#engine.open(opening(item), { play, atMs });
      this.#announce();
    } else this.#engine.rest(opening(item), atMs);
    showOnLockScreen(this.track);
    this.#keep();
  }

  #set(queue: Queue): void {
    this.queue = queue;
    this.#engine?.reconsider();
    this.#keep();
    this.watch?.acted();
  }

  /** It stays said until it is pressed: whoever steers this page may be in another room. */
  #refused(): void {
    this.blocked = true;
    announcer.say(PRESS_PLAY);
  }

  #changed(state: PlayState): void {
    const before = this.state;
    this.state = state;
    if (state.phase === 'playing') {
      this.#gone = 0;
      this.proven = true;
      this.blocked = false;
    }
    if (state.wanted && !before.wanted) {
      dispatchEvent(new CustomEvent(SOUND_EVENT, { detail: 'music' }));
      this.holdMediaKeys();
    }
    if (state.phase !== before.phase) showPosition(state.wanted, this.positionMs, this.durationMs);
    if (before.wanted && !state.wanted) this.#keep();
  }

  #moved(position: number, duration: number, buffered: number): void {
    this.positionMs = position;
    this.durationMs = duration || this.track?.duration_ms || 0;
    this.bufferedMs = buffered;
    if (Math.abs(performance.now() - this.#keptAt) > KEEP_POSITION_EVERY_MS) this.#keepPosition();
  }

  async #grant(id: string, fresh = false, alone = false): Promise<TrackGrant> {
    const chosen = prefs.get('sound');
    const run = alone ? 'never' : this.#runOf(id, chosen);
    const name = `${chosen} ${run} ${this.#spoilt.has(id)} ${id}`;
    if (fresh) this.#grants.delete(name);
    const known = this.#grants.get(name);
    // A track that broke or is still being made is asked for afresh.
    const sound = this.state.attempts === 0 || this.state.trackId !== id;
    if (known && sound && Date.parse(known.expires_at) - GRANT_SPARE_MS > Date.now()) return known;
    let grant = await this.#askFor(id, chosen, run);
    const better = this.#spoilt.has(id) ? 'high' : grant.run ? null : betterWish(chosen, grant, prefs.get('gapless'), (mime) => this.#engine?.canPlay(mime) ?? true);
    if (better) grant = await this.#askFor(id, better, 'never');
    this.#grants.delete(name);
    const settled = grant.run ? grant.run.state === 'ready' : grant.state === 'ready' || grant.state === 'none';
    if (settled) this.#grants.set(name, grant);
    for (const old of this.#grants.keys()) {
      if (this.#grants.size <= GRANTS_MAX) break;
      this.#grants.delete(old);
    }
    return grant;
  }

  /** Whether the run of a track's album is wanted: where the album is heard in order, and where it is there anyway. */
  #runOf(id: string, quality: SoundQuality): 'never' | 'use' | 'make' {
    if (!isEncoded(quality) || !prefs.get('gapless')) return 'never';
    const inAlbum = this.queue.items.some((item) => item.track.id === id && q.heardInAlbum(this.queue, item.key));
    return inAlbum ? 'make' : 'use';
  }

  #askFor(id: string, quality: Wish, run: 'never' | 'use' | 'make'): Promise<TrackGrant> {
    return ask(api.POST('/api/v1/tracks/{id}/grant', { params: { path: { id }, query: { quality, wait_ms: GRANT_WAIT_MS, run } } }));
  }

  #keep(): void {
    if (!this.#owner) return;
    this.#keepHere();
    this.watch?.kept();
  }

  #keepHere(): void {
    if (!this.#owner) return;
    writeStored(`odeon.queue.${this.#owner}`, this.queue);
    this.#keepPosition();
  }

  #keepPosition(): void {
    this.#keptAt = performance.now();
    if (this.#owner) writeStored(`odeon.position.${this.#owner}`, Math.round(this.positionMs));
  }

  #restore(): void {
    this.queue = readStored(`odeon.queue.${this.#owner}`, q.emptyQueue, q.isQueue);
    const isPosition = (value: unknown): value is number => typeof value === 'number' && value >= 0 && Number.isFinite(value);
    const position = readStored(`odeon.position.${this.#owner}`, 0, isPosition);
    const { item } = this;
    if (!item) return;
    this.#engine?.rest(opening(item), Math.min(position, item.track.duration_ms));
    showOnLockScreen(item.track);
    void this.#refreshTrack(item);
  }

  /** A kept picture address may have expired, and the track may have been retagged or removed. */
  async #refreshTrack(item: QueueItem): Promise<void> {
    try {
      const track = await ask(api.GET('/api/v1/tracks/{id}', { params: { path: { id: item.track.id } } }));
      const items = this.queue.items.map((i) => (i.key === item.key ? { ...i, track: q.slim(track) } : i));
      this.queue = { ...this.queue, items };
    } catch {
      // Pressing Play will say what is wrong.
    }
  }
}

export const player = new Player();
