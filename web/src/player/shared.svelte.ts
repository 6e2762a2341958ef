/**
 * The player of a link: the page's engine over the tracks of one link and nothing else. No queue, no marks, nothing that
 * is remembered.
 */
import { api, ask } from '../api/client';
import { asApiError } from '../api/errors';
import type { SharedTrack, TrackGrant } from '../api/types';
import { MusicEngine } from './engine';
import type { Opening } from './joiner';
import { idle, passesOver, waits, type PlayState } from './machine';
import { bindMediaSession, showOnLockScreen, showPosition } from './media-session';
import { SharedGrants } from './shared-grants';

/** Previous within this time goes to the track before; later it goes to the start. */
const RESTART_AFTER_MS = 3000;
/** A track counts as heard after this long, or after half of it. */
const HEARD_MS = 30_000;

/** Who asks: the link, the pass that its password gave, and what to do when it leads nowhere any more. */
export interface Door {
  readonly secret: string;
  pass(): string | null;
  gone(): void;
}

export const passHeader = (pass: string | null): { 'X-Odeon-Visitor'?: string } => (pass ? { 'X-Odeon-Visitor': pass } : {});

export class SharedPlayer {
  at = $state(-1);
  state = $state.raw<PlayState>(idle);
  positionMs = $state(0);
  durationMs = $state(0);
  bufferedMs = $state(0);
  /** The browser wants a press before it sounds. */
  held = $state(false);
  readonly tracks: readonly SharedTrack[];
  readonly track = $derived.by<SharedTrack | null>(() => this.tracks[this.at] ?? null);
  readonly on = $derived(this.state.wanted);
  readonly waiting = $derived(waits(this.state));
  #engine: MusicEngine | null = null;
  #grants = new SharedGrants(
    (id, encoded) => this.#asked(id, encoded),
    (mime) => this.#engine?.canPlay(mime) ?? true,
  );
  /** The place in the list whose hearing was told. */
  #told = -1;

  constructor(
    tracks: readonly SharedTrack[],
    private readonly door: Door,
  ) {
    this.tracks = tracks;
  }

  attach(elements: readonly [HTMLAudioElement, HTMLAudioElement]): () => void {
    const engine = new MusicEngine(
      {
        grant: (id, fresh) => this.#grant(id, fresh),
        changed: (state) => this.#changed(state),
        moved: (position, duration, buffered) => this.#moved(position, duration, buffered),
        ended: () => this.#step(1),
        following: (key) => this.#opening(this.#next(key, 1)),
        passed: (key) => this.#stand(key),
        gapless: () => true,
        quality: () => 'auto',
        fadeMs: () => 0,
        fades: () => false,
        level: () => 1,
        refused: () => (this.held = true),
        gone: () => undefined,
        spoilt: (id) => this.#grants.spoil(id),
      },
      elements,
    );
    this.#engine = engine;
    bindMediaSession(this);
    return () => {
      engine.close();
      engine.desk.close();
      this.#engine = null;
      showOnLockScreen(null);
    };
  }

  /** Plays from a place in the list; the one that plays is paused or goes on. */
  playAt(at: number): void {
    if (at === this.at && this.state.phase !== 'idle' && this.state.phase !== 'failed') this.toggle();
    else this.#open(at);
  }

  play = (): void => {
    if (this.at < 0) this.#open(this.#next(-1, 1));
    else this.#engine?.play();
  };
  pause = (): void => this.#engine?.pause();
  toggle = (): void => (this.on ? this.pause() : this.play());
  next = (): void => this.#step(1);
  previous = (): void => {
    if (this.positionMs > RESTART_AFTER_MS || this.#next(this.at, -1) < 0) this.seek(0);
    else this.#step(-1);
  };
  seek = (ms: number): void => this.#engine?.seek(ms);
  seekBy = (ms: number): void => this.seek(this.positionMs + ms);

  /** The next place that plays, or -1. */
  #next(from: number, way: 1 | -1): number {
    for (let at = from + way; at >= 0 && at < this.tracks.length; at += way) if (this.tracks[at]?.playable) return at;
    return -1;
  }

  #opening(at: number): Opening | null {
    const track = this.tracks[at];
    return track ? { key: at, trackId: track.id, lengthMs: track.duration_ms } : null;
  }

  #step(way: 1 | -1): void {
    const to = this.#next(this.at, way);
    if (to >= 0) this.#open(to);
  }

  #open(at: number): void {
    const opening = this.#opening(at);
    if (!opening) return;
    this.#stand(at);
    this.#engine?.open(opening, { play: true });
  }

  #stand(at: number): void {
    this.at = at;
    this.#told = -1;
    this.positionMs = 0;
    this.durationMs = this.tracks[at]?.duration_ms ?? 0;
    const track = this.tracks[at];
    if (track) {
      const { title, artists, album, picture } = track;
      showOnLockScreen({ title, artists: [{ id: '', name: artists }], album: album ? { id: '', title: album } : null, picture: picture ?? null });
    }
  }

  #moved(positionMs: number, durationMs: number, bufferedMs: number): void {
    this.positionMs = positionMs;
    if (durationMs > 0) this.durationMs = durationMs;
    this.bufferedMs = bufferedMs;
    showPosition(this.on, positionMs, this.durationMs);
    const { at, track } = this;
    if (!track || this.#told === at || this.state.phase !== 'playing') return;
    if (positionMs < Math.min(HEARD_MS, this.durationMs / 2)) return;
    this.#told = at;
    void ask(api.POST('/api/v1/shared/{secret}/tracks/{id}/heard', this.#path(track.id))).catch(() => undefined);
  }

  #changed(state: PlayState): void {
    const before = this.state;
    this.state = state;
    if (state.wanted) this.held = false;
    if (!passesOver(before, state)) return;
    // Not from within the engine, which is about to say more of the track that failed.
    const { at } = this;
    queueMicrotask(() => {
      if (this.at === at && this.state.phase === 'failed') this.#step(1);
    });
  }

  #asked(id: string, encoded: boolean): Promise<TrackGrant> {
    const { path, header } = this.#path(id).params;
    return ask(api.POST('/api/v1/shared/{secret}/tracks/{id}/grant', { params: { path, header, query: { encoded } } }));
  }

  #path(id: string): { params: { path: { secret: string; id: string }; header: { 'X-Odeon-Visitor'?: string } } } {
    return { params: { path: { secret: this.door.secret, id }, header: passHeader(this.door.pass()) } };
  }

  async #grant(id: string, fresh = false): Promise<TrackGrant> {
    try {
      return await this.#grants.of(id, fresh);
    } catch (thrown) {
      // The link may be gone altogether, or only this track; the page looks.
      if ([403, 404].includes(asApiError(thrown).status)) this.door.gone();
      throw thrown;
    }
  }
}
