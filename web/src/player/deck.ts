import type { Trouble } from './machine';
import type { Source } from './machine';
import { hlsConfig, loadHls, type Hls } from './hls';

export interface DeckReports {
  ready(): void;
  sounding(): void;
  starved(): void;
  held(): void;
  moved(): void;
  ended(): void;
  /** `source`: the bytes can't be played, another source may; otherwise the way to them failed. */
  broke(trouble: Trouble, source: boolean): void;
}

const MEDIA_ERR_NETWORK = 2;

/** One `<audio>` element and what feeds it. Knows nothing of queues, grants or retries. */
export class Deck {
  trackId: string | null = null;
  #hls: Hls | null = null;
  #turn = 0;
  #startAtS = 0;

  constructor(
    readonly element: HTMLAudioElement,
    private readonly reports: DeckReports,
  ) {
    element.preload = 'auto';
    const on = (name: string, act: () => void): void => element.addEventListener(name, act);
    on('loadedmetadata', () => this.#seekToStart());
    on('canplay', () => reports.ready());
    on('playing', () => reports.sounding());
    on('waiting', () => reports.starved());
    on('timeupdate', () => reports.moved());
    on('progress', () => reports.moved());
    on('durationchange', () => reports.moved());
    on('pause', () => {
      if (!element.ended) reports.held();
    });
    on('ended', () => reports.ended());
    on('error', () => this.#elementBroke());
  }

  get positionMs(): number {
    return this.element.readyState === 0 ? this.#startAtS * 1000 : this.element.currentTime * 1000;
  }

  /** 0 while unknown. */
  get durationMs(): number {
    const s = this.element.duration;
    return Number.isFinite(s) ? s * 1000 : 0;
  }

  /** How far the sound from the present position on is already here. */
  get bufferedMs(): number {
    const { buffered, currentTime } = this.element;
    for (let i = 0; i < buffered.length; i++) {
      if (buffered.start(i) <= currentTime + 0.25 && buffered.end(i) >= currentTime) return buffered.end(i) * 1000;
    }
    return 0;
  }

  async load(trackId: string, source: Source, atMs: number): Promise<void> {
    this.unload();
    const turn = this.#turn;
    this.trackId = trackId;
    this.#startAtS = atMs / 1000;
    const native = this.element.canPlayType('application/vnd.apple.mpegurl') !== '' && !('MediaSource' in window || 'ManagedMediaSource' in window);
    if (source.kind === 'file' || native) {
      this.element.src = source.url;
      return;
    }
    const Hls = await loadHls();
    if (turn !== this.#turn) return;
    const hls = new Hls(hlsConfig({ startPosition: this.#startAtS > 0 ? this.#startAtS : -1 }));
    this.#hls = hls;
    this.#startAtS = 0;
    let recovered = false;
    hls.on(Hls.Events.ERROR, (_event, data) => {
      if (!data.fatal || turn !== this.#turn) return;
      if (data.type === Hls.ErrorTypes.MEDIA_ERROR && !recovered) {
        recovered = true;
        hls.recoverMediaError();
        return;
      }
      const text = data.type === Hls.ErrorTypes.NETWORK_ERROR ? 'The sound stopped arriving.' : 'This browser can’t play the track.';
      this.reports.broke({ text, reference: null }, false);
    });
    hls.loadSource(source.url);
    hls.attachMedia(this.element);
  }

  async play(): Promise<void> {
    await this.element.play();
  }

  pause(): void {
    this.element.pause();
  }

  seek(ms: number): void {
    this.#startAtS = ms / 1000;
    if (this.element.readyState > 0) this.element.currentTime = this.#startAtS;
  }

  unload(): void {
    this.#turn += 1;
    this.trackId = null;
    this.#startAtS = 0;
    this.#hls?.destroy();
    this.#hls = null;
    if (this.element.hasAttribute('src')) {
      this.element.removeAttribute('src');
      this.element.load();
    }
  }

  #seekToStart(): void {
    if (this.#startAtS > 0) this.element.currentTime = this.#startAtS;
  }

  #elementBroke(): void {
    // With hls.js attached its own error report comes as well and says more.
    if (this.#hls || !this.trackId || !this.element.hasAttribute('src')) return;
    const cut = this.element.error?.code === MEDIA_ERR_NETWORK;
    const text = cut ? 'The sound stopped arriving.' : 'This browser can’t play the file.';
    this.reports.broke({ text, reference: null }, !cut);
  }
}
