/** The one episode that sounds: it goes on while other screens are open, and its position is told to the server. */
import { api, ask } from '../api/client';
import { asApiError } from '../api/errors';
import type { EpisodeDetail } from '../api/types';
import { ACCOUNT_EVENT } from '../lib/session.svelte';
import { bindMediaSession, showOnLockScreen, showPosition } from './media-session';
import { SOUND_EVENT } from './player.svelte';
import { teller, tellNow } from './positions';

/** How often the position is told while it plays. */
const TELL_EVERY_MS = 10_000;
/** Between two questions whether the file is here. */
const ASK_EVERY_MS = 1500;
/** Questions in a row that may get no answer before the wait ends. */
const UNANSWERED_MAX = 40;
/** With less than this left it counts as heard. */
const ALMOST_MS = 15_000;
export const BACK_MS = 15_000;
export const AHEAD_MS = 30_000;
export const SPEEDS = [75, 100, 125, 150, 175, 200];

class EpisodePlayer {
  detail = $state.raw<EpisodeDetail | null>(null);
  state = $state<'idle' | 'fetching' | 'ready' | 'failed'>('idle');
  playing = $state(false);
  positionMs = $state(0);
  durationMs = $state(0);
  problem = $state<string | null>(null);
  #sound: HTMLAudioElement | null = null;
  #told = 0;
  #turn = 0;

  /** Whether this is the episode that is in the player. */
  has(id: string): boolean {
    return this.detail?.episode.id === id && this.state !== 'idle';
  }

  /** Plays an episode from where its listener was, or from `atMs`; fetches it first when it is not here. */
  play = async (detail: EpisodeDetail, atMs?: number): Promise<void> => {
    if (this.has(detail.episode.id) && this.state === 'ready') {
      if (atMs !== undefined) this.seek(atMs);
      this.resume();
      return;
    }
    const { id } = detail.episode;
    // After a break it goes on where it was: what the screen knows of the position may be hours old.
    const again = this.has(id) && this.state === 'failed';
    if (again) this.#silence();
    else this.close();
    const turn = ++this.#turn;
    this.detail = detail;
    if (atMs !== undefined) this.positionMs = atMs;
    else if (!again) this.positionMs = detail.episode.played ? 0 : detail.episode.position_ms;
    this.durationMs = this.durationMs || detail.episode.duration_ms;
    this.problem = null;
    this.state = 'fetching';
    try {
      const path = { id };
      const fresh = await ask(api.GET('/api/v1/episodes/{id}', { params: { path } }));
      if (turn !== this.#turn) return;
      const { episode } = fresh;
      this.detail = fresh;
      teller.known({ id, position_ms: episode.position_ms, played: episode.played });
      if (atMs === undefined && !again) this.positionMs = episode.played ? 0 : episode.position_ms;
      this.durationMs = episode.duration_ms || this.durationMs;
      if (episode.state === 'failed') await ask(api.PUT('/api/v1/episodes/{id}/download', { params: { path } }));
      const url = await this.#granted(id, turn);
      if (url === null || turn !== this.#turn) return;
      this.#open(url, fresh.podcast.settings.speed_percent);
      this.state = 'ready';
      this.resume();
    } catch (thrown) {
      if (turn !== this.#turn) return;
      this.state = 'failed';
      this.problem = asApiError(thrown).message;
    }
  };

  async #granted(id: string, turn: number): Promise<string | null> {
    let unanswered = 0;
    while (turn === this.#turn) {
      const granted = await ask(api.POST('/api/v1/episodes/{id}/grant', { params: { path: { id } } })).catch((thrown: unknown) => {
        const { status } = asApiError(thrown);
        // A moment without a connection or a server is no end of the wait.
        if ((status === 0 || status >= 500) && ++unanswered < UNANSWERED_MAX) return null;
        throw thrown;
      });
      if (turn !== this.#turn) return null;
      if (granted === null) {
        await new Promise((done) => setTimeout(done, ASK_EVERY_MS));
        continue;
      }
      unanswered = 0;
      const original = granted.grant?.original;
      if (original) return original.url;
      if (granted.state === 'failed' || granted.grant) {
        this.state = 'failed';
        this.problem = granted.problem ?? 'This browser can’t play the sound of this episode.';
        return null;
      }
      await new Promise((done) => setTimeout(done, ASK_EVERY_MS));
    }
    return null;
  }

  #open(url: string, speed: number): void {
    const sound = new Audio(url);
    sound.preload = 'auto';
    sound.defaultPlaybackRate = sound.playbackRate = speed / 100;
    this.#sound = sound;
    // What an element says after another took its place is about the past.
    const own = (act: () => void) => (): void => {
      if (this.#sound === sound) act();
    };
    this.#listen(sound, own);
  }

  #listen(sound: HTMLAudioElement, own: (act: () => void) => () => void): void {
    sound.addEventListener('loadedmetadata', own(() => {
      if (Number.isFinite(sound.duration)) this.durationMs = sound.duration * 1000;
      if (this.positionMs > 0) sound.currentTime = this.positionMs / 1000;
    }));
    sound.addEventListener('timeupdate', own(() => {
      if (sound.seeking || sound.readyState === 0) return;
      this.positionMs = sound.currentTime * 1000;
      if (Date.now() - this.#told > TELL_EVERY_MS && this.playing) this.#tell();
    }));
    sound.addEventListener('play', own(() => {
      this.playing = true;
      dispatchEvent(new CustomEvent(SOUND_EVENT, { detail: 'episode' }));
      this.#holdMediaKeys();
    }));
    sound.addEventListener('pause', own(() => {
      this.playing = false;
      this.#tell();
      showPosition(false, this.positionMs, this.durationMs);
    }));
    sound.addEventListener('ended', own(() => this.#tell()));
    sound.addEventListener('error', own(() => {
      this.playing = false;
      this.#tell();
      this.state = 'failed';
      this.problem = 'The sound broke off. Press play to try again.';
    }));
  }

  #holdMediaKeys(): void {
    if (!this.detail) return;
    const { episode, podcast } = this.detail;
    bindMediaSession({ play: this.resume, pause: this.pause, seek: this.seek, seekBy: this.skip });
    showOnLockScreen({ title: episode.title, artists: [], album: { id: podcast.id, title: podcast.title }, picture: podcast.picture });
    showPosition(true, this.positionMs, this.durationMs);
  }

  resume = (): void => {
    void this.#sound?.play().catch(() => (this.playing = false));
  };
  pause = (): void => this.#sound?.pause();
  seek = (ms: number): void => {
    this.positionMs = Math.max(0, Math.min(ms, this.durationMs || ms));
    if (this.#sound) this.#sound.currentTime = this.positionMs / 1000;
    if (!this.playing) this.#tell();
  };
  skip = (ms: number): void => this.seek(this.positionMs + ms);
  setSpeed = (percent: number): void => {
    if (this.#sound) this.#sound.defaultPlaybackRate = this.#sound.playbackRate = percent / 100;
  };

  /** Tells the server how far it is, if it does not know. */
  #tell = (): void => {
    if (!this.detail || this.state !== 'ready') return;
    this.#told = Date.now();
    const position_ms = Math.round(this.positionMs);
    const played = this.durationMs > 0 && this.durationMs - this.positionMs < Math.min(ALMOST_MS, this.durationMs / 10);
    // A load that has not begun to sound yet says nothing about what was heard.
    if (this.#sound?.readyState === 0) return;
    teller.note({ id: this.detail.episode.id, position_ms, played });
    void tellNow();
  };

  /** Somebody marked an episode elsewhere on the page: what is heard here must not undo it. */
  marked(id: string, played: boolean): void {
    if (!this.has(id)) return;
    teller.known({ id, position_ms: 0, played });
    if (played) this.close(false);
  }

  #silence(): void {
    const sound = this.#sound;
    this.#sound = null;
    sound?.pause();
    sound?.removeAttribute('src');
    this.playing = false;
  }

  close = (telling = true): void => {
    if (telling) this.#tell();
    this.#turn += 1;
    this.#silence();
    this.detail = null;
    this.positionMs = this.durationMs = 0;
    this.problem = null;
    this.state = 'idle';
  };

  constructor() {
    addEventListener('pagehide', this.#tell);
    // Whoever is here now is told nothing of, and says nothing about, what another heard.
    addEventListener(ACCOUNT_EVENT, () => this.close(false));
    addEventListener(SOUND_EVENT, (event) => {
      if ((event as CustomEvent<string>).detail !== 'episode') this.pause();
    });
  }
}

export const episodePlayer = new EpisodePlayer();
