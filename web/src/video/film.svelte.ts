/**
 * One film on the screen: the `<video>` element, hls.js, what can be chosen, and what to do when it breaks.
 * The component draws; this decides.
 */
import { api, ask } from '../api/client';
import { asApiError } from '../api/errors';
import type { Picture, VideoGrant } from '../api/types';
import { prefs } from '../lib/prefs.svelte';
import { dropStored, readStored, writeStored } from '../lib/stored';
import { hlsConfig, loadHls, type Hls } from '../player/hls';
import { ATTEMPTS_MAX, pickSource, RETRY_PAUSES_MS, type Trouble } from '../player/machine';
import { bindMediaSession, showOnLockScreen, showPosition } from '../player/media-session';
import { player, SOUND_EVENT } from '../player/player.svelte';

export interface Quality {
  /** Height in pixels; 0 is "choose for me". */
  height: number;
  label: string;
}

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2] as const;
const POLL_FIRST_MS = 800;
const POLL_MAX_MS = 6000;
const KEEP_EVERY_MS = 3000;
/** Positions this near to either end are not worth coming back to. */
const EDGE_MS = 15_000;
const STEADY_MS = 8000;

/** A film counts as watched after this long, or after half of it. */
const WATCHED_MS = 30_000;

/** Where a film comes from, and who else hears of it. */
export interface FilmSource {
  /** Leave to play it. Throws an `ApiError`. */
  grant(): Promise<VideoGrant>;
  /** Under which name the place in it is kept; null when nothing is remembered. */
  readonly place: string | null;
  /** A good part of it was watched; said once. */
  watched?(): void;
  /** It was played and is not on the screen any more. */
  left?(): void;
}

/** A film of the house, for who is signed in. */
export const houseFilm = (id: string): FilmSource => ({
  grant: () => ask(api.POST('/api/v1/videos/{id}/grant', { params: { path: { id } } })),
  place: `odeon.film.${id}`,
  left: () => player.holdMediaKeys(),
});

export class Film {
  phase = $state<'asking' | 'preparing' | 'ready' | 'failed'>('asking');
  trouble = $state.raw<Trouble | null>(null);
  playing = $state(false);
  waiting = $state(false);
  started = $state(false);
  positionMs = $state(0);
  durationMs = $state(0);
  bufferedMs = $state(0);
  qualities = $state.raw<Quality[]>([]);
  /** The height that is chosen, and the one that is shown now. */
  chosen = $state(prefs.get('quality'));
  height = $state(0);
  speed = $state(prefs.get('speed'));
  caption = $state<string | null>(null);
  captions = $state.raw<VideoGrant['captions']>([]);
  audios = $state.raw<{ id: number; label: string }[]>([]);
  audio = $state(0);
  encoding = $state(false);
  #element: HTMLVideoElement | null = null;
  #hls: Hls | null = null;
  #turn = 0;
  #attempts = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wanted = false;
  #resumeMs: number;
  #keptAt = 0;
  #brokeAtMs = 0;

  #told = false;

  constructor(
    private readonly source: FilmSource,
    private readonly shown: { title: string; picture: Picture | null | undefined },
  ) {
    const isPosition = (v: unknown): v is number => typeof v === 'number' && Number.isFinite(v) && v > 0;
    this.#resumeMs = source.place === null ? 0 : readStored(source.place, 0, isPosition);
    this.positionMs = this.#resumeMs;
  }

  attach(element: HTMLVideoElement, play: boolean): () => void {
    this.#element = element;
    this.#wanted = play;
    element.volume = prefs.get('volume');
    element.muted = prefs.get('muted');
    const off = this.#listen(element);
    const yieldTo = (event: Event): void => {
      if ((event as CustomEvent<string>).detail === 'music') element.pause();
    };
    const keep = (): void => this.#keep();
    addEventListener(SOUND_EVENT, yieldTo);
    addEventListener('pagehide', keep);
    void this.#ask();
    return () => {
      keep();
      off();
      removeEventListener(SOUND_EVENT, yieldTo);
      removeEventListener('pagehide', keep);
      this.#turn += 1;
      clearTimeout(this.#timer);
      this.#hls?.destroy();
      element.removeAttribute('src');
      element.load();
      this.#element = null;
      if (this.started) this.source.left?.();
    };
  }

  toggle = (): void => {
    const element = this.#element;
    if (!element) return;
    if (this.phase === 'failed') this.retry();
    else if (this.phase !== 'ready') this.#wanted = !this.#wanted;
    else if (element.paused) void this.#play();
    else element.pause();
  };

  /** Everything from the start, because somebody asked. */
  retry = (): void => {
    this.#attempts = 0;
    this.#wanted = true;
    this.trouble = null;
    void this.#ask();
  };

  /** Asks the server what there is by now: better rungs may have joined. */
  reload = (): void => {
    this.#resumeMs = this.positionMs;
    this.#wanted = this.playing;
    void this.#ask();
  };

  seek(ms: number): void {
    const to = Math.max(0, Math.min(ms, this.durationMs || ms));
    this.positionMs = to;
    if (this.#element && this.#element.readyState > 0) this.#element.currentTime = to / 1000;
    else this.#resumeMs = to;
  }

  setQuality(height: number): void {
    this.chosen = height;
    prefs.set('quality', height);
    this.#holdQuality(true);
  }

  setSpeed(speed: number): void {
    this.speed = speed;
    prefs.set('speed', speed);
    if (this.#element) this.#element.playbackRate = speed;
  }

  setVolume(level: number): void {
    const volume = Math.min(1, Math.max(0, level));
    prefs.set('volume', volume);
    if (volume > 0) prefs.set('muted', false);
    this.#hear();
  }

  toggleMute = (): void => {
    prefs.set('muted', !prefs.get('muted'));
    this.#hear();
  };

  setCaption(language: string | null): void {
    this.caption = language;
    prefs.set('captions', language !== null);
    if (language !== null) prefs.set('captionLanguage', language);
    this.showCaption();
  }

  toggleCaptions(): void {
    if (this.captions.length === 0) return;
    this.setCaption(this.caption === null ? this.#preferred() : null);
  }

  /** Called when the track elements stand in the page, too. */
  showCaption(): void {
    for (const track of this.#element?.textTracks ?? []) {
      track.mode = track.language === this.caption ? 'showing' : 'disabled';
    }
  }

  setAudio(id: number): void {
    this.audio = id;
    if (this.#hls) this.#hls.audioTrack = id;
  }

  #holdMediaKeys(): void {
    bindMediaSession({
      play: () => void this.#play(),
      pause: () => this.#element?.pause(),
      seek: (ms) => this.seek(ms),
      seekBy: (ms) => this.seek(this.positionMs + ms),
    });
    showOnLockScreen({ title: this.shown.title, artists: [], album: null, picture: this.shown.picture ?? null });
    showPosition(true, this.positionMs, this.durationMs);
  }

  #hear(): void {
    if (!this.#element) return;
    this.#element.volume = prefs.get('volume');
    this.#element.muted = prefs.get('muted');
  }

  #preferred(): string | null {
    const wish = prefs.get('captionLanguage') || navigator.language.slice(0, 2);
    const match = this.captions.find((c) => c.language.slice(0, 2) === wish.slice(0, 2)) ?? this.captions[0];
    return match?.language ?? null;
  }

  async #ask(): Promise<void> {
    const turn = ++this.#turn;
    clearTimeout(this.#timer);
    if (this.phase !== 'ready') this.phase = 'asking';
    let pause = POLL_FIRST_MS;
    try {
      for (;;) {
        const grant = await this.source.grant();
        if (turn !== this.#turn) return;
        this.encoding = grant.state === 'encoding' || grant.state === 'waiting';
        // Adaptive first: a film's original may be huge, and its rungs are made for this.
        const source = grant.hls ? { kind: 'hls' as const, url: grant.hls } : pickSource(grant, (mime) => this.#element?.canPlayType(mime) !== '');
        if (source) return await this.#load(grant, source, turn);
        if (grant.state === 'failed') return this.#broke(grant.problem ?? 'This film could not be prepared for playing.', true);
        this.phase = 'preparing';
        await new Promise((done) => (this.#timer = setTimeout(done, pause)));
        if (turn !== this.#turn) return;
        pause = Math.min(pause * 1.5, POLL_MAX_MS);
      }
    } catch (thrown) {
      if (turn !== this.#turn) return;
      const error = asApiError(thrown);
      this.#broke(error.message, error.status >= 400 && error.status < 500, error.reference);
    }
  }

  async #load(grant: VideoGrant, source: { kind: 'file' | 'hls'; url: string }, turn: number): Promise<void> {
    const element = this.#element;
    if (!element) return;
    if (grant.duration_ms > 0) this.durationMs = grant.duration_ms;
    if (this.#resumeMs > this.durationMs - EDGE_MS) this.#resumeMs = 0;
    this.captions = grant.captions;
    this.caption ??= prefs.get('captions') ? this.#preferred() : null;
    this.#hls?.destroy();
    this.#hls = null;
    const native = element.canPlayType('application/vnd.apple.mpegurl') !== '' && !('MediaSource' in window || 'ManagedMediaSource' in window);
    if (source.kind === 'file' || native) {
      element.src = source.url;
      element.addEventListener('loadedmetadata', () => (element.currentTime = this.#resumeMs / 1000), { once: true });
    } else await this.#stream(element, source.url, turn);
    if (turn !== this.#turn) return;
    this.phase = 'ready';
    element.playbackRate = element.defaultPlaybackRate = this.speed;
    if (this.#wanted) void this.#play();
  }

  async #stream(element: HTMLVideoElement, url: string, turn: number): Promise<void> {
    const Hls = await loadHls();
    if (turn !== this.#turn) return;
    const hls = new Hls(hlsConfig({ startPosition: this.#resumeMs > 0 ? this.#resumeMs / 1000 : -1, capLevelToPlayerSize: false }));
    this.#hls = hls;
    hls.on(Hls.Events.MANIFEST_PARSED, () => this.#readLevels(hls));
    hls.on(Hls.Events.LEVELS_UPDATED, () => this.#readLevels(hls));
    hls.on(Hls.Events.LEVEL_SWITCHED, (_event, data) => (this.height = hls.levels[data.level]?.height ?? 0));
    hls.on(Hls.Events.AUDIO_TRACKS_UPDATED, () => {
      this.audios = hls.audioTracks.map((t) => ({ id: t.id, label: t.name || t.lang || `Audio ${t.id + 1}` }));
      this.audio = Math.max(0, hls.audioTrack);
    });
    hls.on(Hls.Events.AUDIO_TRACK_SWITCHED, (_event, data) => (this.audio = data.id));
    let recovered = false;
    hls.on(Hls.Events.ERROR, (_event, data) => {
      if (!data.fatal || turn !== this.#turn) return;
      if (data.type === Hls.ErrorTypes.MEDIA_ERROR && !recovered) {
        recovered = true;
        hls.recoverMediaError();
        return;
      }
      const cut = data.type === Hls.ErrorTypes.NETWORK_ERROR;
      this.#broke(cut ? 'The film stopped arriving.' : 'This browser can’t play the film.', false);
    });
    hls.loadSource(url);
    hls.attachMedia(element);
  }

  #readLevels(hls: Hls): void {
    const heights = [...new Set(hls.levels.map((level) => level.height).filter((h) => h > 0))].sort((a, b) => b - a);
    this.qualities = heights.map((height) => ({ height, label: `${height}p` }));
    this.#holdQuality(false);
  }

  /** Holds the rung nearest to the wish from below, or lets hls.js choose. */
  #holdQuality(now: boolean): void {
    const hls = this.#hls;
    if (!hls) return;
    let level = -1;
    if (this.chosen > 0) {
      const fits = hls.levels.map((l, i) => ({ i, h: l.height })).filter((l) => l.h > 0 && l.h <= this.chosen);
      level = fits.sort((a, b) => b.h - a.h)[0]?.i ?? hls.levels.length - 1;
    }
    if (now) hls.nextLevel = level;
    else if (level >= 0) hls.startLevel = hls.nextLevel = level;
  }

  async #play(): Promise<void> {
    try {
      await this.#element?.play();
    } catch {
      // Refused without a press, or overtaken by a new load: the button shows Play.
    }
  }

  #broke(text: string, final: boolean, reference: string | null = null): void {
    this.#turn += 1;
    this.#resumeMs = this.positionMs;
    this.#brokeAtMs = this.positionMs;
    this.#wanted ||= this.playing;
    this.#attempts += 1;
    this.waiting = false;
    this.#hls?.destroy();
    this.#hls = null;
    if (final || this.#attempts >= ATTEMPTS_MAX) {
      this.phase = 'failed';
      this.trouble = { text, reference };
      return;
    }
    this.phase = 'asking';
    const turn = this.#turn;
    this.#timer = setTimeout(
      () => {
        if (turn === this.#turn) void this.#ask();
      },
      RETRY_PAUSES_MS[Math.min(this.#attempts, RETRY_PAUSES_MS.length) - 1],
    );
  }

  #listen(element: HTMLVideoElement): () => void {
    const stop = new AbortController();
    const on = (name: string, act: () => void): void => element.addEventListener(name, act, { signal: stop.signal });
    on('play', () => {
      this.playing = this.started = true;
      dispatchEvent(new CustomEvent(SOUND_EVENT, { detail: 'film' }));
      this.#holdMediaKeys();
    });
    on('pause', () => {
      this.playing = false;
      showPosition(false, this.positionMs, this.durationMs);
      this.#keep();
    });
    on('waiting', () => (this.waiting = true));
    on('seeking', () => (this.waiting = true));
    on('seeked', () => (this.waiting = false));
    on('playing', () => (this.waiting = false));
    on('canplay', () => (this.waiting = false));
    on('timeupdate', () => this.#moved(element));
    on('progress', () => this.#moved(element));
    on('durationchange', () => {
      if (Number.isFinite(element.duration) && element.duration > 0) this.durationMs = Math.max(element.duration * 1000, this.encoding ? this.durationMs : 0);
    });
    on('resize', () => (this.height = element.videoHeight));
    on('ended', () => this.#forget());
    on('error', () => {
      if (!this.#hls && element.hasAttribute('src')) this.#broke('This browser can’t play the film.', false);
    });
    element.textTracks.addEventListener('addtrack', () => this.showCaption(), { signal: stop.signal });
    return () => stop.abort();
  }

  #moved(element: HTMLVideoElement): void {
    if (element.readyState === 0 || this.phase !== 'ready') return;
    this.positionMs = element.currentTime * 1000;
    if (!this.#told && !element.paused && this.positionMs > Math.min(WATCHED_MS, this.durationMs / 2)) {
      this.#told = true;
      this.source.watched?.();
    }
    if (this.#attempts > 0 && this.positionMs - this.#brokeAtMs > STEADY_MS) this.#attempts = 0;
    const { buffered, currentTime } = element;
    for (let i = 0; i < buffered.length; i++) {
      if (buffered.start(i) <= currentTime + 0.25 && buffered.end(i) >= currentTime) this.bufferedMs = buffered.end(i) * 1000;
    }
    if (performance.now() - this.#keptAt > KEEP_EVERY_MS && !element.paused) this.#keep();
  }

  #keep(): void {
    this.#keptAt = performance.now();
    const { place } = this.source;
    if (!this.started || place === null) return;
    const worth = this.positionMs > EDGE_MS && this.positionMs < this.durationMs - EDGE_MS;
    if (worth) writeStored(place, Math.round(this.positionMs));
    else dropStored(place);
  }

  #forget(): void {
    if (this.source.place !== null) dropStored(this.source.place);
  }
}
