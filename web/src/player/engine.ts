/**
 * The music engine: one class between the queue and two `<audio>` elements. It opens a track, keeps it sounding through
 * cuts and expired addresses, and readies the next one ahead so that it starts at once. What it is doing is the state of
 * `machine.ts`; how two tracks are joined is known only here, so exact joins can come later without touching a caller.
 */
import { asApiError } from '../api/errors';
import type { TrackGrant } from '../api/types';
import { Deck } from './deck';
import { idle, pickSource, RETRY_PAUSES_MS, step, type PlayState, type Signal, type Trouble } from './machine';

export interface EngineHost {
  /** Asks the server for leave and addresses; throws an `ApiError`. */
  grant(trackId: string): Promise<TrackGrant>;
  changed(state: PlayState): void;
  moved(positionMs: number, durationMs: number, bufferedMs: number): void;
  /** The track ran out; the host opens what follows before returning, or nothing. */
  ended(): void;
  /** What would follow now, or null. */
  upcoming(): string | null;
  /** The browser wants a press first; the host shows Play. */
  refused(): void;
}

/** The next track is readied when this much is left, or when the current one is here entirely. */
const READY_AHEAD_MS = 30_000;
/** Sound for this long forgives earlier failures. */
const STEADY_MS = 5000;
const ENCODE_POLL_FIRST_MS = 700;
const ENCODE_POLL_MAX_MS = 6000;
/** A track that is still being made after this long is given up with a message. */
const ENCODE_PATIENCE_MS = 10 * 60_000;

export class MusicEngine {
  state: PlayState = idle;
  #live: Deck;
  #spare: Deck;
  #turn = 0;
  #readying: string | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #lengthMs = 0;
  #soundedAtMs = -1;
  #resumeMs = 0;
  #triedFileOf: string | null = null;
  #grant: TrackGrant | null = null;
  #readied: { grant: TrackGrant; kind: 'file' | 'hls' } | null = null;
  /** Elements that have sounded: some phones let only those start again without a press. */
  #proven = new Set<Deck>();

  constructor(
    private readonly host: EngineHost,
    elements: readonly [HTMLAudioElement, HTMLAudioElement],
  ) {
    this.#live = this.#deck(elements[0]);
    this.#spare = this.#deck(elements[1]);
    this.#label();
  }

  get positionMs(): number {
    return this.#live.trackId === this.state.trackId ? this.#live.positionMs : this.#resumeMs;
  }

  /** Opens a track at a position; `lengthMs` holds until the element knows better. */
  open(trackId: string, { play, atMs = 0, lengthMs = 0 }: { play: boolean; atMs?: number; lengthMs?: number }): void {
    this.#turn += 1;
    clearTimeout(this.#retry);
    this.#soundedAtMs = -1;
    this.#resumeMs = atMs;
    this.#lengthMs = lengthMs;
    this.#triedFileOf = null;
    this.#signal({ kind: 'open', trackId, play });
    if (this.#spare.trackId === trackId && atMs === 0) this.#swap();
    else {
      this.#live.unload();
      void this.#ask(trackId);
    }
    this.#tell();
  }

  /** Shows a track at a position without asking the server for anything: what a reload brings back. */
  rest(trackId: string, atMs: number, lengthMs: number): void {
    this.close();
    this.#resumeMs = atMs;
    this.#lengthMs = lengthMs;
    for (const kind of ['open', 'granted', 'ready'] as const) this.#signal({ kind, trackId, play: false });
    this.#tell();
  }

  play(): void {
    const { trackId, phase } = this.state;
    if (trackId === null) return;
    this.#signal({ kind: 'want', play: true });
    if (this.#live.trackId === trackId) void this.#start(this.#live);
    else if (phase === 'failed' || phase === 'paused') void this.#ask(trackId);
    // Otherwise it is on its way and starts when it arrives.
  }

  pause(): void {
    this.#signal({ kind: 'want', play: false });
    this.#live.pause();
  }

  seek(ms: number): void {
    const to = Math.max(0, this.#lengthMs > 0 ? Math.min(ms, this.#lengthMs - 50) : ms);
    this.#resumeMs = to;
    if (this.#live.trackId === this.state.trackId) this.#live.seek(to);
    this.#tell(to);
  }

  set volume(level: number) {
    for (const deck of [this.#live, this.#spare]) deck.element.volume = level;
  }

  set muted(muted: boolean) {
    for (const deck of [this.#live, this.#spare]) deck.element.muted = muted;
  }

  close(): void {
    this.#turn += 1;
    clearTimeout(this.#retry);
    this.#readying = null;
    this.#live.unload();
    this.#spare.unload();
    this.#signal({ kind: 'close' });
  }

  #deck(element: HTMLAudioElement): Deck {
    const mine = (act: (trackId: string) => void) => (): void => {
      if (this.#live === deck && deck.trackId !== null && deck.trackId === this.state.trackId) act(deck.trackId);
    };
    const deck: Deck = new Deck(element, {
      ready: mine((trackId) => this.#signal({ kind: 'ready', trackId })),
      sounding: mine((trackId) => {
        this.#soundedAtMs = this.#live.positionMs;
        this.#signal({ kind: 'sounding', trackId });
      }),
      starved: mine((trackId) => this.#signal({ kind: 'starved', trackId })),
      held: mine((trackId) => this.#signal({ kind: 'held', trackId })),
      moved: mine((trackId) => this.#moved(trackId)),
      ended: mine((trackId) => {
        this.#signal({ kind: 'ended', trackId });
        this.host.ended();
      }),
      broke: (trouble, source) => {
        if (this.#live === deck) this.#broke(trouble, source);
        else deck.unload();
      },
    });
    return deck;
  }

  async #ask(trackId: string): Promise<void> {
    const turn = this.#turn;
    const until = performance.now() + ENCODE_PATIENCE_MS;
    let pause = ENCODE_POLL_FIRST_MS;
    try {
      for (;;) {
        const grant = await this.host.grant(trackId);
        if (turn !== this.#turn) return;
        const source = pickSource(grant, (mime) => this.#live.element.canPlayType(mime) !== '');
        if (source) return await this.#load(trackId, grant, source);
        if (grant.state === 'failed') return this.#fail(grant.problem ?? 'This track could not be prepared for playing.', true);
        if (performance.now() > until) return this.#fail('Preparing this track takes unusually long. Try again later.', true);
        this.#signal({ kind: 'encoding', trackId });
        await new Promise((done) => setTimeout(done, pause));
        if (turn !== this.#turn) return;
        pause = Math.min(pause * 1.5, ENCODE_POLL_MAX_MS);
      }
    } catch (thrown) {
      if (turn !== this.#turn) return;
      const error = asApiError(thrown);
      const gone = error.status === 404 || error.status === 403;
      this.#fail(gone ? 'This track is no longer here.' : error.message, gone || error.status === 401, error.reference);
    }
  }

  async #load(trackId: string, grant: TrackGrant, source: { kind: 'file' | 'hls'; url: string }): Promise<void> {
    const turn = this.#turn;
    this.#grant = grant;
    if (grant.duration_ms > 0) this.#lengthMs = grant.duration_ms;
    this.#signal({ kind: 'granted', trackId });
    if (source.kind === 'file') this.#triedFileOf = trackId;
    await this.#live.load(trackId, source, this.#resumeMs);
    if (turn === this.#turn && this.state.wanted) await this.#start(this.#live);
  }

  async #start(deck: Deck): Promise<void> {
    const turn = this.#turn;
    try {
      await deck.play();
      this.#proven.add(deck);
    } catch (thrown) {
      if (turn !== this.#turn || !(thrown instanceof DOMException) || thrown.name !== 'NotAllowedError') return;
      if (this.#proven.has(this.#spare) && !this.#proven.has(deck) && this.state.trackId !== null) {
        this.#exchange();
        this.#spare.unload();
        void this.#ask(this.state.trackId);
        return;
      }
      this.#signal({ kind: 'want', play: false });
      this.host.refused();
    }
  }

  /** The next track stands ready in the other element: start it in the same breath. */
  #swap(): void {
    const { trackId, wanted } = this.state;
    if (trackId === null) return;
    this.#exchange();
    this.#spare.unload();
    this.#readying = null;
    this.#grant = this.#readied?.grant ?? null;
    this.#triedFileOf = this.#readied?.kind === 'file' ? trackId : null;
    this.#lengthMs = this.#grant?.duration_ms || this.#lengthMs;
    this.#signal({ kind: 'granted', trackId });
    if (wanted) void this.#start(this.#live);
    else if (this.#live.element.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) this.#signal({ kind: 'ready', trackId });
  }

  #broke(trouble: Trouble, source: boolean): void {
    const { trackId } = this.state;
    if (trackId === null) return;
    this.#resumeMs = this.#live.positionMs;
    const other = this.#grant && source && this.#triedFileOf === trackId ? pickSource(this.#grant, () => false, true) : null;
    if (other && this.#grant) {
      void this.#load(trackId, this.#grant, other);
      return;
    }
    this.#fail(trouble.text, false, trouble.reference);
  }

  #fail(text: string, final: boolean, reference: string | null = null): void {
    const { trackId } = this.state;
    if (trackId === null) return;
    this.#turn += 1;
    const turn = this.#turn;
    this.#live.unload();
    this.#signal({ kind: 'broke', trackId, trouble: { text, reference }, final });
    if (this.state.phase !== 'retrying') return;
    const pause = RETRY_PAUSES_MS[Math.min(this.state.attempts, RETRY_PAUSES_MS.length) - 1];
    this.#retry = setTimeout(() => {
      if (turn !== this.#turn) return;
      this.#signal({ kind: 'retry', trackId });
      void this.#ask(trackId);
    }, pause);
  }

  #moved(trackId: string): void {
    if (this.#live.durationMs > 0) this.#lengthMs = this.#live.durationMs;
    this.#tell();
    const position = this.#live.positionMs;
    if (this.state.phase === 'playing' && this.#soundedAtMs >= 0 && position - this.#soundedAtMs > STEADY_MS) {
      this.#signal({ kind: 'steady', trackId });
    }
    const whole = this.#lengthMs > 0 && this.#live.bufferedMs >= this.#lengthMs - 500;
    if (this.state.phase === 'playing' && (whole || this.#lengthMs - position < READY_AHEAD_MS)) void this.#readyNext();
  }

  async #readyNext(): Promise<void> {
    const next = this.host.upcoming();
    if (next === null || next === this.state.trackId || next === this.#spare.trackId || next === this.#readying) return;
    this.#readying = next;
    this.#spare.unload();
    try {
      const grant = await this.host.grant(next);
      const source = pickSource(grant, (mime) => this.#spare.element.canPlayType(mime) !== '');
      // What is not playable yet is asked for again when its turn comes; the server is making it meanwhile.
      if (!source || this.#readying !== next || this.state.trackId === next) return;
      this.#readied = { grant, kind: source.kind };
      await this.#spare.load(next, source, 0);
    } catch {
      // Opening it in earnest will say what is wrong.
    }
  }

  #signal(signal: Signal): void {
    const next = step(this.state, signal);
    if (next === this.state) return;
    this.state = next;
    this.host.changed(next);
  }

  #tell(positionMs = this.positionMs): void {
    this.host.moved(positionMs, this.#lengthMs, this.#live.bufferedMs);
  }

  #exchange(): void {
    [this.#live, this.#spare] = [this.#spare, this.#live];
    this.#label();
  }

  /** The element that is heard is always found under the same name. */
  #label(): void {
    this.#live.element.dataset.testid = 'audio';
    this.#spare.element.dataset.testid = 'audio-next';
  }
}
