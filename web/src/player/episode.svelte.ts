/** The one episode that sounds: it goes on while other screens are open, and its position is told to the server. */
import { api, ask } from '../api/client';
import { asApiError } from '../api/errors';
import type { EpisodeDetail } from '../api/types';
import { SOUND_EVENT } from './player.svelte';

/** How often the position is told while it plays. */
const TELL_EVERY_MS = 10_000;
/** Between two questions whether the file is here. */
const ASK_EVERY_MS = 1500;
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
    this.close();
    const turn = ++this.#turn;
    const { episode } = detail;
    this.detail = detail;
    this.positionMs = atMs ?? (episode.played ? 0 : episode.position_ms);
    this.durationMs = episode.duration_ms;
    this.problem = null;
    this.state = 'fetching';
    try {
      const url = await this.#granted(episode.id, turn);
      if (url === null || turn !== this.#turn) return;
      this.#open(url, detail.podcast.settings.speed_percent);
      this.state = 'ready';
      this.resume();
    } catch (thrown) {
      if (turn !== this.#turn) return;
      this.state = 'failed';
      this.problem = asApiError(thrown).message;
    }
  };

  async #granted(id: string, turn: number): Promise<string | null> {
    while (turn === this.#turn) {
      const granted = await ask(api.POST('/api/v1/episodes/{id}/grant', { params: { path: { id } } }));
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
    sound.addEventListener('loadedmetadata', () => {
      if (Number.isFinite(sound.duration)) this.durationMs = sound.duration * 1000;
      if (this.positionMs > 0) sound.currentTime = this.positionMs / 1000;
    });
    sound.addEventListener('timeupdate', () => {
      if (sound.seeking || sound.readyState === 0) return;
      this.positionMs = sound.currentTime * 1000;
      if (Date.now() - this.#told > TELL_EVERY_MS && this.playing) this.#tell();
    });
    sound.addEventListener('play', () => {
      this.playing = true;
      dispatchEvent(new CustomEvent(SOUND_EVENT, { detail: 'episode' }));
    });
    sound.addEventListener('pause', () => {
      this.playing = false;
      this.#tell();
    });
    sound.addEventListener('ended', () => this.#tell());
    sound.addEventListener('error', () => {
      this.playing = false;
      this.state = 'failed';
      this.problem = 'The sound broke off. Press play to try again.';
    });
    this.#sound = sound;
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

  /** Tells the server how far it is; a position that gets lost is told again with the next. */
  #tell = (): void => {
    if (!this.detail || this.state !== 'ready') return;
    this.#told = Date.now();
    const position_ms = Math.round(this.positionMs);
    const played = this.durationMs > 0 && this.durationMs - this.positionMs < Math.min(ALMOST_MS, this.durationMs / 10);
    const path = { id: this.detail.episode.id };
    void ask(api.PUT('/api/v1/episodes/{id}/progress', { params: { path }, body: { position_ms, played }, keepalive: true })).catch(() => undefined);
  };

  close = (): void => {
    this.#tell();
    this.#turn += 1;
    this.#sound?.pause();
    this.#sound?.removeAttribute('src');
    this.#sound = null;
    this.detail = null;
    this.playing = false;
    this.state = 'idle';
  };

  constructor() {
    addEventListener('pagehide', this.#tell);
    addEventListener(SOUND_EVENT, (event) => {
      if ((event as CustomEvent<string>).detail !== 'episode') this.pause();
    });
  }
}

export const episodePlayer = new EpisodePlayer();
