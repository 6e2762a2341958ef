/**
 * Every open page is a device of its listener: it says what it plays, is seen by the others, does what they tell it, and
 * hands over to them.
 */
import { untrack } from 'svelte';
import { api, ask } from '../api/client';
import { asApiError } from '../api/errors';
import type { DeviceCommand } from '../api/types';
import { isListening, whenChanged } from '../data/events';
import { agentName } from '../lib/agent';
import { prefs } from '../lib/prefs.svelte';
import { readStored, writeStored } from '../lib/stored';
import { toasts } from '../lib/toasts.svelte';
import { deviceName, positionOf, stateOf, type Seen } from './handoff';
import { player } from './player.svelte';
import { queueSync } from './sync.svelte';

/** How often a device says that it is there. */
const ALIVE_EVERY_MS = 30_000;
/** Several changes in a row are one report. */
const REPORT_AFTER_MS = 200;
/** How long is waited for a device to say where it was stopped. */
const STOP_PATIENCE_MS = 2500;
/** A device that was sent the music and does not play by then perhaps can't. */
const START_PATIENCE_MS = 12_000;
const NAME_KEY = 'odeon.device.name';
const ID_KEY = 'odeon.device.id';

const isText = (value: unknown): value is string => typeof value === 'string';

class Devices {
  /** The others, as they were last heard of. */
  others = $state.raw<Seen[]>([]);
  loaded = $state(false);
  trouble = $state<string | null>(null);
  open = $state(false);
  name = $state(deviceName(readStored(NAME_KEY, '', isText), agentName(navigator.userAgent)));
  /** Whom something was asked of that has not happened yet. */
  busy = $state<string | null>(null);
  readonly playing = $derived<Seen | null>(this.others.find((device) => device.state === 'playing') ?? null);
  #id = '';
  #timer: ReturnType<typeof setTimeout> | undefined;
  #taking: Promise<void> | null = null;
  #takeAgain = false;
  #waiting = new Set<() => void>();
  #letGo: (() => void) | null = null;

  attach(owner: string): () => void {
    const stops = [
      queueSync.attach(owner, () => this.name),
      whenChanged('devices', () => void this.refresh()),
      whenChanged('commands', () => void this.#take()),
      this.#follow(),
    ];
    void this.#settle().then(() => this.refresh());
    const beat = setInterval(() => this.#beat(), ALIVE_EVERY_MS);
    const gone = (): void => this.#leave();
    const back = (): void => void this.report().then(() => this.refresh());
    // A page that slept was forgotten, and what it knows of the others is old.
    const shown = (): void => void (document.visibilityState === 'visible' && back());
    addEventListener('pagehide', gone);
    addEventListener('pageshow', back);
    addEventListener('online', back);
    document.addEventListener('visibilitychange', shown);
    return () => {
      stops.forEach((stop) => stop());
      clearInterval(beat);
      clearTimeout(this.#timer);
      removeEventListener('pagehide', gone);
      removeEventListener('pageshow', back);
      removeEventListener('online', back);
      document.removeEventListener('visibilitychange', shown);
      this.#leave();
      this.#letGo?.();
      this.#id = '';
      this.others = [];
      this.loaded = this.open = false;
    };
  }

  rename(typed: string): void {
    this.name = deviceName(typed, agentName(navigator.userAgent));
    writeStored(NAME_KEY, this.name);
    queueSync.renamed();
    void this.report();
  }

  refresh = async (): Promise<void> => {
    try {
      const all = await ask(api.GET('/api/v1/me/devices'));
      const heardAt = performance.now();
      this.others = all.filter((device) => device.id !== this.#id).map((device) => ({ ...device, heardAt }));
      this.trouble = null;
      this.loaded = true;
    } catch (thrown) {
      this.trouble = asApiError(thrown).message;
    }
    this.#waiting.forEach((look) => look());
  };

  tell = async (device: Seen, command: DeviceCommand): Promise<boolean> => {
    try {
      await ask(api.POST('/api/v1/me/devices/{id}/command', { params: { path: { id: device.id } }, body: command }));
      return true;
    } catch (thrown) {
      const error = asApiError(thrown);
      toasts.trouble(error.status === 404 ? `“${device.name}” is gone.` : `“${device.name}” wasn’t reached. ${error.message}`);
      if (error.status === 404) void this.refresh();
      return false;
    }
  };

  /** The music goes on here, where it stands there. */
  takeHere = (device: Seen): Promise<void> =>
    this.#during(device, async () => {
      let from = device;
      // It waits for a press that nobody needs to make any more.
      if (device.state === 'blocked') void this.tell(device, { command: 'pause' });
      if (device.state === 'playing') {
        if (!(await this.tell(device, { command: 'pause' }))) return;
        from = (await this.#until(device.id, (now) => now?.state !== 'playing', STOP_PATIENCE_MS)) ?? device;
      }
      const track = from.track ?? device.track;
      const place = track ? { track, positionMs: positionOf(from.track ? from : device, performance.now()) } : undefined;
      if (!(await queueSync.take(place))) toasts.trouble('There is nothing to play here.');
    });

  /** What another device left goes on here. */
  goOn = async (): Promise<void> => {
    try {
      if (!(await queueSync.take())) toasts.trouble('Nothing of that queue can be played here.');
    } catch (thrown) {
      toasts.trouble(`The queue didn’t load. ${asApiError(thrown).message}`);
    }
  };

  /** What plays here goes on there. */
  sendThere = (device: Seen): Promise<void> =>
    this.#during(device, async () => {
      const sounded = player.on;
      player.pause();
      const there = (await queueSync.hand()) && (await this.tell(device, { command: 'take_over' }));
      if (!there) {
        if (sounded) player.play();
        toasts.trouble(`The music stays here: “${device.name}” wasn’t reached.`);
        return;
      }
      // One that waited for a press before may have been pressed since, and is given its time.
      const begun = (seen: Seen | undefined): boolean => seen?.state === 'playing' || (seen?.state === 'blocked' && device.state !== 'blocked');
      const now = await this.#until(device.id, begun, START_PATIENCE_MS);
      if (now?.state === 'playing') return;
      const perhaps = now?.state === 'blocked' ? 'waits: press Play there once.' : 'hasn’t begun to play. Perhaps Play must be pressed there once.';
      toasts.say(`“${device.name}” ${perhaps}`, {
        action: { label: 'Play here', act: player.play },
      });
    });

  async #during(device: Seen, act: () => Promise<void>): Promise<void> {
    if (this.busy !== null) return;
    this.busy = device.id;
    try {
      await act();
    } catch (thrown) {
      toasts.trouble(`That didn’t work. ${asApiError(thrown).message}`);
    } finally {
      this.busy = null;
    }
  }

  /** Waits until a device is as wished, as long as patience lasts; gives what it is then. */
  #until(id: string, wish: (device: Seen | undefined) => boolean, patienceMs: number): Promise<Seen | undefined> {
    const find = (): Seen | undefined => this.others.find((device) => device.id === id);
    return new Promise((done) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        done(find());
      };
      const look = (): void => {
        if (wish(find())) end();
      };
      const timer = setTimeout(end, patienceMs);
      this.#waiting.add(look);
      look();
    });
  }

  /** An id that no other open page of this browser has; the same after a reload. */
  async #settle(): Promise<void> {
    let id = '';
    try {
      id = sessionStorage.getItem(ID_KEY) ?? '';
    } catch {
      // Without a memory each visit is another device.
    }
    // A doubled tab brings the other one's memory along.
    if (!id || !(await this.#hold(id))) {
      id = `page-${crypto.getRandomValues(new Uint32Array(3)).join('-')}`;
      await this.#hold(id);
      try {
        sessionStorage.setItem(ID_KEY, id);
      } catch {
        // As above.
      }
    }
    this.#id = id;
    await this.report();
  }

  #hold(id: string): Promise<boolean> {
    if (!('locks' in navigator)) return Promise.resolve(true);
    return new Promise((held) => {
      const keep = (lock: Lock | null): Promise<void> | undefined => {
        held(lock !== null);
        return lock ? new Promise((letGo) => (this.#letGo = letGo)) : undefined;
      };
      navigator.locks.request(`odeon.device.${id}`, { ifAvailable: true }, keep).catch(() => held(true));
    });
  }

  report = async (): Promise<void> => {
    clearTimeout(this.#timer);
    if (!this.#id) return;
    const { track } = player;
    const body = {
      name: this.name,
      state: stateOf({ hasTrack: track !== null, on: player.on, proven: player.proven, blocked: player.blocked }),
      track: track?.id ?? null,
      position_ms: Math.max(0, Math.round(player.exactMs)),
      volume: prefs.get('muted') ? 0 : Math.round(prefs.get('volume') * 100),
    };
    try {
      await ask(api.PUT('/api/v1/me/devices/{id}', { params: { path: { id: this.#id } }, body }));
    } catch {
      // It is said again soon; until then this page is merely not seen.
    }
  };

  /** Says so when something of it changes. */
  #follow(): () => void {
    return $effect.root(() => {
      $effect(() => {
        void [player.on, player.waiting, player.blocked, player.proven, player.track?.id, player.leaps, prefs.get('volume'), prefs.get('muted')];
        untrack(() => {
          clearTimeout(this.#timer);
          this.#timer = setTimeout(() => void this.report(), REPORT_AFTER_MS);
        });
      });
    });
  }

  #beat(): void {
    void this.report();
    queueSync.tick();
    // A device that fell silent says nothing of it.
    if (this.others.length > 0 || !isListening()) void this.refresh();
    if (!isListening()) void this.#take();
  }

  #leave(): void {
    if (!this.#id) return;
    api.DELETE('/api/v1/me/devices/{id}', { params: { path: { id: this.#id } }, keepalive: true }).catch(() => undefined);
  }

  /** Fetches what this page was told to do; one request at a time, so that the order stays. */
  async #take(): Promise<void> {
    this.#takeAgain = true;
    this.#taking ??= this.#drain().finally(() => {
      this.#taking = null;
      if (this.#takeAgain && this.#id) void this.#take();
    });
    return this.#taking;
  }

  async #drain(): Promise<void> {
    while (this.#takeAgain && this.#id) {
      this.#takeAgain = false;
      try {
        const told = await ask(api.POST('/api/v1/me/devices/{id}/commands/take', { params: { path: { id: this.#id } } }));
        for (const command of told) await this.#obey(command);
      } catch {
        // What was not fetched in time is not wanted any more.
      }
    }
  }

  async #obey(command: DeviceCommand): Promise<void> {
    switch (command.command) {
      case 'play':
        return player.track ? player.play() : this.goOn();
      case 'pause':
        player.pause();
        return this.report();
      case 'next':
        return player.next();
      case 'previous':
        return player.previous();
      case 'seek':
        return player.seek(command.position_ms);
      case 'volume':
        return player.setVolume(command.volume / 100);
      case 'take_over':
        return this.goOn();
      case 'load':
        return this.#load(command.play ?? false);
      case 'jump':
        return this.#load(true, { index: command.index, positionMs: command.position_ms ?? 0 });
    }
  }

  /** An app that has this page for its jukebox changed the queue, or plays it. */
  async #load(play: boolean, jump?: { index: number; positionMs: number }): Promise<void> {
    try {
      if (!(await queueSync.obey(play, jump))) toasts.trouble('Nothing of that queue can be played here.');
    } catch (thrown) {
      toasts.trouble(`The queue didn’t load. ${asApiError(thrown).message}`);
    }
    await this.report();
  }
}

export const devices = new Devices();
