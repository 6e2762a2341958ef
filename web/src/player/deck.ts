import type { Trouble } from './machine';
import type { Source } from './machine';
import { hlsConfig, loadHls, type Hls } from './hls';
import { Run } from './sound/run';
import type { Joined, Part } from './sound/timeline';

export interface DeckReports {
  ready(): void;
  sounding(): void;
  starved(): void;
  held(): void;
  moved(): void;
  ended(): void;
  /** What is to be joined behind a part of a run; null when nothing is. */
  next(after: Part, signal: AbortSignal): Promise<Joined | null>;
  /** The run has come to another part. */
  passed(part: Part): void;
  /** `source`: the bytes of that track can't be played, another source may; otherwise the way to them failed. */
  broke(trouble: Trouble, source: boolean, trackId: string): void;
}

/** What a deck plays: an address, or tracks joined in one buffer of which this is the first. */
export type Play = Source | { kind: 'run'; joined: Joined };

const MEDIA_ERR_NETWORK = 2;

/** The best lossy rung, or the smallest of all. */
export function rungOf(levels: readonly { bitrate: number; audioCodec?: string | undefined }[], rung: 'high' | 'low'): number {
  const order = levels.map((level, at) => ({ at, ...level })).sort((a, b) => a.bitrate - b.bitrate);
  const lossy = order.filter((level) => !/flac/i.test(level.audioCodec ?? ''));
  return (rung === 'low' ? order[0] : (lossy.at(-1) ?? order.at(-1)))?.at ?? -1;
}

/** One `<audio>` element and what feeds it. Knows nothing of queues, grants or retries. */
export class Deck {
  trackId: string | null = null;
  /** The item of the queue that it plays. */
  key = -1;
  run: Run | null = null;
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
    on('playing', () => {
      this.run?.moved();
      reports.sounding();
    });
    on('waiting', () => {
      this.run?.moved();
      reports.starved();
    });
    on('timeupdate', () => {
      this.run?.moved();
      reports.moved();
    });
    on('progress', () => reports.moved());
    on('durationchange', () => reports.moved());
    on('pause', () => {
      if (!element.ended) reports.held();
    });
    on('ended', () => {
      this.run?.moved();
      reports.ended();
    });
    on('error', () => this.#elementBroke());
  }

  get positionMs(): number {
    if (this.run) return this.run.positionMs;
    return this.element.readyState === 0 ? this.#startAtS * 1000 : this.element.currentTime * 1000;
  }

  /** 0 while unknown. */
  get durationMs(): number {
    if (this.run) return this.run.lengthMs;
    const s = this.element.duration;
    return Number.isFinite(s) ? s * 1000 : 0;
  }

  /** How far the sound from the present position on is already here. */
  get bufferedMs(): number {
    if (this.run) return this.run.bufferedMs;
    const { buffered, currentTime } = this.element;
    for (let i = 0; i < buffered.length; i++) {
      if (buffered.start(i) <= currentTime + 0.25 && buffered.end(i) >= currentTime) return buffered.end(i) * 1000;
    }
    return 0;
  }

  async load(key: number, trackId: string, source: Play, atMs: number): Promise<void> {
    this.unload();
    const turn = this.#turn;
    this.key = key;
    this.trackId = trackId;
    if (source.kind === 'run') {
      this.#join(source.joined, atMs);
      return;
    }
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
    let recovered = false;
    hls.on(Hls.Events.ERROR, (_event, data) => {
      if (!data.fatal || turn !== this.#turn) return;
      if (data.type === Hls.ErrorTypes.MEDIA_ERROR && !recovered) {
        recovered = true;
        hls.recoverMediaError();
        return;
      }
      const text = data.type === Hls.ErrorTypes.NETWORK_ERROR ? 'The sound stopped arriving.' : 'This browser can’t play the track.';
      this.reports.broke({ text, reference: null }, false, trackId);
    });
    const { rung } = source;
    if (rung) hls.on(Hls.Events.MANIFEST_PARSED, () => (hls.currentLevel = rungOf(hls.levels, rung)));
    hls.loadSource(source.url);
    hls.attachMedia(this.element);
  }

  async play(): Promise<void> {
    // Played again from its end: the beginning of a run is that of another track.
    if (this.run && this.element.ended) this.run.seek(0);
    await this.element.play();
  }

  pause(): void {
    this.element.pause();
  }

  seek(ms: number): void {
    if (this.run) {
      this.run.seek(ms);
      return;
    }
    this.#startAtS = ms / 1000;
    if (this.element.readyState > 0) this.element.currentTime = this.#startAtS;
  }

  unload(): void {
    this.#turn += 1;
    this.trackId = null;
    this.key = -1;
    this.#startAtS = 0;
    this.run?.close();
    this.run = null;
    this.#hls?.destroy();
    this.#hls = null;
    if (this.element.hasAttribute('src')) {
      this.element.removeAttribute('src');
      this.element.load();
    }
  }

  #join(joined: Joined, atMs: number): void {
    const turn = this.#turn;
    const mine = (act: () => void): void => {
      if (turn === this.#turn) act();
    };
    this.run = new Run(this.element, joined, atMs, {
      next: (after, signal) => this.reports.next(after, signal),
      passed: (part) =>
        mine(() => {
          this.key = part.key;
          this.trackId = part.trackId;
          this.reports.passed(part);
        }),
      moved: () => mine(() => this.reports.moved()),
      broke: (text, bytes, trackId) => mine(() => this.reports.broke({ text, reference: null }, bytes, trackId)),
    });
  }

  #seekToStart(): void {
    // hls.js begins there by itself.
    if (!this.run && !this.#hls && this.#startAtS > 0) this.element.currentTime = this.#startAtS;
  }

  #elementBroke(): void {
    // With hls.js attached its own error report comes as well and says more.
    if (this.#hls || !this.trackId || !this.element.hasAttribute('src')) return;
    const cut = this.element.error?.code === MEDIA_ERR_NETWORK;
    const text = cut ? 'The sound stopped arriving.' : 'This browser can’t play the file.';
    // Bytes that were appended ahead may be the ones that can't be decoded.
    this.reports.broke({ text, reference: null }, !cut, this.run?.reading.trackId ?? this.trackId);
  }
}
