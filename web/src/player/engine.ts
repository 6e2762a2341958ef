/**
 * The music engine: one class between the queue and two `<audio>` elements. It opens a track, keeps it sounding through
 * cuts and expired addresses, and readies the next one ahead so that it starts at once. What it is doing is the state of
 * `machine.ts`. Three ways lead from one track to the next: lossless ones and those of an album's run are joined in one buffer
 * (`sound/run.ts`), others change elements, and where the listener wants it one fades into the other.
 */
import { asApiError } from '../api/errors';
import type { TrackGrant } from '../api/types';
import { Deck, type Play } from './deck';
import { Desk } from './desk';
import type { EngineHost } from './engine-host';
import { idle, pickSource, RETRY_PAUSES_MS, step, type PlayState, type Signal, type Trouble } from './machine';
import { Joiner, type Opening } from './joiner';
import { isEncoded } from './quality';
import type { Part } from './sound/timeline';

/** The next track is readied when this much is left, or when the current one is here entirely. */
const READY_AHEAD_MS = 30_000;
/** Sound for this long forgives earlier failures. */
const STEADY_MS = 5000;
const ENCODE_POLL_FIRST_MS = 700;
const ENCODE_POLL_MAX_MS = 6000;
/** A track that is still being made after this long is given up with a message. */
const ENCODE_PATIENCE_MS = 10 * 60_000;
/** A fade takes no more than this part of either track, and none is begun with less left. */
const FADE_PART_MAX = 1 / 3;
const FADE_LEAST_MS = 150;
/** Levels change this much before the boundary is noticed, by a timer that may be late without harm. */
const LEVEL_AHEAD_MS = 1200;

export class MusicEngine {
  state: PlayState = idle;
  readonly desk: Desk;
  #live: Deck;
  #spare: Deck;
  #joiner: Joiner;
  #key = -1;
  #turn = 0;
  #readying: number | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #levelTimer: ReturnType<typeof setTimeout> | undefined;
  #lengthMs = 0;
  #soundedAtMs = -1;
  #resumeMs = 0;
  #triedFileOf: string | null = null;
  /** Tracks whose file broke while it was decoded. */
  #spoilt = new Set<string>();
  #grant: TrackGrant | null = null;
  #readied: { grant: TrackGrant; kind: Play['kind'] } | null = null;
  /** How long the swap that is about to happen fades. */
  #fadeMs = 0;
  #fading: ReturnType<typeof setTimeout> | undefined;
  /** Elements that have sounded: some phones let only those start again without a press. */
  #proven = new Set<Deck>();

  constructor(
    private readonly host: EngineHost,
    elements: readonly [HTMLAudioElement, HTMLAudioElement],
  ) {
    this.desk = new Desk(elements);
    this.#joiner = new Joiner(host);
    this.#live = this.#deck(elements[0]);
    this.#spare = this.#deck(elements[1]);
    this.#label();
  }

  get positionMs(): number {
    return this.#live.trackId === this.state.trackId ? this.#live.positionMs : this.#resumeMs;
  }

  /** Opens an item at a position; its length holds until the sound itself knows better. */
  open(item: Opening, { play, atMs = 0 }: { play: boolean; atMs?: number }): void {
    this.#turn += 1;
    clearTimeout(this.#retry);
    this.#stopLevelTimer();
    this.#key = item.key;
    this.#soundedAtMs = -1;
    this.#resumeMs = atMs;
    this.#lengthMs = item.lengthMs;
    this.#triedFileOf = null;
    if (play && atMs === 0 && this.#fadeMs === 0 && this.state.trackId !== null && this.#live.run?.jump(item.key)) {
      this.#step(item);
      return;
    }
    this.#signal({ kind: 'open', trackId: item.trackId, play });
    if (this.#spare.key === item.key && this.#spare.trackId === item.trackId && atMs === 0) this.#swap();
    else {
      this.#endFade();
      this.#live.unload();
      void this.#ask(item.trackId);
    }
    this.#tell();
  }

  /** Shows a track at a position without asking the server for anything: what a reload brings back. */
  rest(item: Opening, atMs: number): void {
    this.close();
    this.#key = item.key;
    this.#resumeMs = atMs;
    this.#lengthMs = item.lengthMs;
    for (const kind of ['open', 'granted', 'ready'] as const) this.#signal({ kind, trackId: item.trackId, play: false });
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
    this.#endFade();
    this.#signal({ kind: 'want', play: false });
    this.#live.pause();
    void this.#refine();
  }

  seek(ms: number): void {
    this.#endFade();
    const to = Math.max(0, this.#lengthMs > 0 ? Math.min(ms, this.#lengthMs - 50) : ms);
    this.#resumeMs = to;
    if (this.#live.trackId === this.state.trackId) this.#live.seek(to);
    this.#tell(to);
  }

  canPlay(mime: string): boolean {
    return this.#live.element.canPlayType(mime) !== '';
  }

  /** What plays is asked for anew and goes on where it is. */
  reopen(): void {
    const { trackId, phase } = this.state;
    if (trackId === null || phase === 'idle') return;
    this.#endFade();
    this.#resumeMs = this.positionMs;
    this.#turn += 1;
    clearTimeout(this.#retry);
    this.#stopLevelTimer();
    this.#triedFileOf = null;
    this.#readying = null;
    this.#drop(this.#spare);
    this.#live.unload();
    this.#signal({ kind: 'open', trackId, play: this.state.wanted });
    if (this.state.wanted) void this.#ask(trackId);
    else for (const kind of ['granted', 'ready'] as const) this.#signal({ kind, trackId });
  }

  /** The queue or a setting has changed: what was made ready for later may not be what follows now. */
  reconsider(): void {
    this.#live.run?.expect((key) => this.#joiner.following(key)?.key ?? null);
    for (const deck of [this.#live, this.#spare]) if (deck.key >= 0) this.desk.level(deck.element, this.host.level(deck.key));
  }

  /** The line is back: what waits to be tried again is tried now. */
  hurry(): void {
    const { trackId, phase } = this.state;
    if (trackId !== null && phase === 'retrying') this.#tryAgain(trackId);
  }

  #tryAgain(trackId: string): void {
    clearTimeout(this.#retry);
    this.#signal({ kind: 'retry', trackId });
    void this.#ask(trackId);
  }

  close(): void {
    this.#turn += 1;
    clearTimeout(this.#retry);
    this.#stopLevelTimer();
    this.#readying = null;
    this.#endFade();
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
      next: (after, signal) => this.#joiner.next(deck, after, signal),
      passed: (part) => {
        if (this.#live === deck) this.#passed(part);
      },
      broke: (trouble, source, trackId) => {
        if (source && deck.run) this.#joiner.refuse(trackId);
        if (this.#live === deck) this.#broke(trouble, source);
        else this.#drop(deck);
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
        const grant = await this.#joiner.grant(trackId);
        if (turn !== this.#turn) return;
        const play = await this.#source(this.#live, this.#opening(trackId), grant);
        if (turn !== this.#turn) return;
        if (play) return await this.#load(trackId, grant, play);
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
      const { wanted } = this.state;
      const away = error.offline || error.status >= 500;
      this.#fail(gone ? 'This track is no longer here.' : error.message, gone || error.status === 401, error.reference, away);
      if (gone && wanted) this.host.gone();
    }
  }

  #opening(trackId: string): Opening {
    return { key: this.#key, trackId, lengthMs: this.#lengthMs };
  }

  /** The best way to play a granted track now; null when there is none yet. */
  async #source(deck: Deck, item: Opening, grant: TrackGrant): Promise<Play | null> {
    const joined = await this.#joiner.open(item, grant);
    if (joined) return { kind: 'run', joined };
    const quality = this.host.quality();
    return pickSource(grant, (mime) => deck.element.canPlayType(mime) !== '', this.#spoilt.has(item.trackId), isEncoded(quality) ? quality : undefined);
  }

  async #load(trackId: string, grant: TrackGrant, source: Play): Promise<void> {
    const turn = this.#turn;
    this.#grant = grant;
    if (grant.duration_ms > 0) this.#lengthMs = grant.duration_ms;
    this.#signal({ kind: 'granted', trackId });
    if (source.kind === 'file') this.#triedFileOf = trackId;
    this.#prepare(this.#live, this.#key);
    await this.#live.load(this.#key, trackId, source, this.#resumeMs);
    if (turn === this.#turn && this.state.wanted) await this.#start(this.#live);
  }

  /**
   * While nobody listens, a track that had to begin as a plain file changes over to its exact sound, if that was made
   * meanwhile: then the next one can be joined to it.
   */
  async #refine(): Promise<void> {
    const { trackId } = this.state;
    const [deck, turn] = [this.#live, this.#turn];
    if (trackId === null || deck.run || deck.trackId !== trackId) return;
    try {
      const grant = await this.#joiner.grant(trackId);
      const joined = await this.#joiner.refine(this.#opening(trackId), grant);
      if (!joined || turn !== this.#turn || this.state.wanted || deck !== this.#live) return;
      this.#resumeMs = deck.positionMs;
      await this.#load(trackId, grant, { kind: 'run', joined });
    } catch {
      // The file plays on just as well.
    }
  }

  /** Sets how loud a deck will be, before it is heard. */
  #prepare(deck: Deck, key: number): void {
    this.desk.unfade(deck.element);
    this.desk.level(deck.element, this.host.level(key));
    this.desk.route(deck.element, this.host.fades());
  }

  async #start(deck: Deck): Promise<void> {
    const turn = this.#turn;
    try {
      this.desk.wake();
      await deck.play();
      this.#proven.add(deck);
    } catch (thrown) {
      if (turn !== this.#turn || !this.state.wanted || !(thrown instanceof DOMException) || thrown.name !== 'NotAllowedError') return;
      if (this.#proven.has(this.#spare) && !this.#proven.has(deck) && this.state.trackId !== null) {
        this.#exchange();
        this.#drop(this.#spare);
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
    const fadeMs = this.#fadeMs;
    if (fadeMs === 0) this.#endFade();
    this.#exchange();
    if (fadeMs > 0) this.#fade(fadeMs);
    else this.#drop(this.#spare);
    this.#readying = null;
    this.#grant = this.#readied?.grant ?? null;
    this.#triedFileOf = this.#readied?.kind === 'file' ? trackId : null;
    this.#lengthMs = this.#grant?.duration_ms || this.#lengthMs;
    this.#signal({ kind: 'granted', trackId });
    if (wanted) void this.#start(this.#live);
    else if (this.#live.element.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) this.#signal({ kind: 'ready', trackId });
  }

  /** The live element comes while the spare one, which was live until now, goes. */
  #fade(ms: number): void {
    this.desk.fade(this.#spare.element, false, ms);
    this.desk.fade(this.#live.element, true, ms);
    this.#fading = setTimeout(() => this.#endFade(), ms + 50);
  }

  #endFade(): void {
    if (this.#fading === undefined) return;
    clearTimeout(this.#fading);
    this.#fading = undefined;
    this.#drop(this.#spare);
    this.desk.unfade(this.#live.element);
  }

  #drop(deck: Deck): void {
    deck.unload();
    this.desk.unfade(deck.element);
  }

  /** Another item of the run was asked for and is here: it has been sought. */
  #step({ key, trackId }: Opening): void {
    this.#endFade();
    this.#live.key = key;
    this.#live.trackId = trackId;
    this.#signal({ kind: 'passed', trackId });
    this.#signal({ kind: 'want', play: true });
    this.desk.level(this.#live.element, this.host.level(key));
    this.#tell();
    if (this.#live.element.paused) void this.#start(this.#live);
  }

  #passed(part: Part): void {
    this.#stopLevelTimer();
    this.#key = part.key;
    this.#resumeMs = 0;
    this.#triedFileOf = null;
    this.#soundedAtMs = 0;
    this.#lengthMs = this.#live.durationMs;
    this.#signal({ kind: 'passed', trackId: part.trackId });
    this.host.passed(part.key);
    this.desk.level(this.#live.element, this.host.level(part.key));
    this.#tell();
  }

  #broke(trouble: Trouble, source: boolean): void {
    const { trackId } = this.state;
    if (trackId === null) return;
    this.#resumeMs = this.#live.positionMs;
    if (source && this.#live.run) {
      this.#turn += 1;
      this.#live.unload();
      void this.#ask(trackId);
      return;
    }
    // An address that has ended says nothing about the bytes behind it; the next try asks for another.
    const ended = this.#grant !== null && Date.parse(this.#grant.expires_at) <= Date.now();
    if (source && ended) return this.#fail(trouble.text, false, trouble.reference);
    const other = this.#grant && source && this.#triedFileOf === trackId ? pickSource(this.#grant, () => false, true) : null;
    if (other && this.#grant) {
      void this.#load(trackId, this.#grant, other);
      return;
    }
    if (source && this.#triedFileOf === trackId && !this.#spoilt.has(trackId)) {
      this.#spoilt.add(trackId);
      this.host.spoilt(trackId);
      this.#turn += 1;
      this.#live.unload();
      void this.#ask(trackId);
      return;
    }
    this.#fail(trouble.text, false, trouble.reference);
  }

  #fail(text: string, final: boolean, reference: string | null = null, away = false): void {
    const { trackId } = this.state;
    if (trackId === null) return;
    this.#turn += 1;
    const turn = this.#turn;
    this.#live.unload();
    this.#signal({ kind: 'broke', trackId, trouble: { text, reference }, final, away });
    if (this.state.phase !== 'retrying') return;
    const pause = RETRY_PAUSES_MS[Math.min(this.state.attempts, RETRY_PAUSES_MS.length) - 1];
    this.#retry = setTimeout(() => {
      if (turn === this.#turn) this.#tryAgain(trackId);
    }, pause);
  }

  #moved(trackId: string): void {
    if (this.#live.durationMs > 0) this.#lengthMs = this.#live.durationMs;
    this.#tell();
    if (this.state.phase !== 'playing') return;
    const position = this.#live.positionMs;
    if (this.#soundedAtMs >= 0 && position - this.#soundedAtMs > STEADY_MS) this.#signal({ kind: 'steady', trackId });
    const left = this.#lengthMs - position;
    const whole = this.#lengthMs > 0 && this.#live.bufferedMs >= this.#lengthMs - 500;
    this.#levelAhead(left);
    if (whole || left < READY_AHEAD_MS) void this.#readyNext(left);
    this.#fadeWhenDue(left);
  }

  /** A track of another level is near: its level is set when it begins, as near as a timer comes. */
  #levelAhead(leftMs: number): void {
    const next = this.#live.run?.following;
    if (!next || leftMs > LEVEL_AHEAD_MS || this.#levelTimer !== undefined) return;
    const { element } = this.#live;
    this.#levelTimer = setTimeout(() => {
      if (this.#live.run?.following === next && !element.paused) this.desk.level(element, this.host.level(next.key));
    }, leftMs);
  }

  #stopLevelTimer(): void {
    clearTimeout(this.#levelTimer);
    this.#levelTimer = undefined;
  }

  #fadeWhenDue(leftMs: number): void {
    const next = this.host.following(this.#key);
    if (!next || this.#fading !== undefined || this.#spare.key !== next.key || !this.desk.adjustable) return;
    if (this.#spare.element.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) return;
    const most = Math.min(this.#lengthMs, next.lengthMs) * FADE_PART_MAX;
    const fadeMs = Math.min(this.host.fadeMs(this.#key, next.key), most);
    if (leftMs > fadeMs || leftMs < FADE_LEAST_MS) return;
    this.#fadeMs = leftMs;
    this.host.ended();
    this.#fadeMs = 0;
  }

  async #readyNext(leftMs: number): Promise<void> {
    if (this.#live.run?.goesOn || this.#fading !== undefined) return;
    const next = this.host.following(this.#key);
    if (next === null || next.key === this.#spare.key || next.key === this.#readying) return;
    if (next.key === this.#key && this.host.fadeMs(this.#key, next.key) === 0) return;
    this.#readying = next.key;
    this.#drop(this.#spare);
    try {
      const grant = await this.#joiner.grant(next.trackId);
      if (leftMs > READY_AHEAD_MS / 2 && (await this.#joiner.worthWaiting(next, grant))) {
        this.#readying = null;
        return;
      }
      const source = await this.#source(this.#spare, next, grant);
      // What is not playable yet is asked for again when its turn comes; the server is making it meanwhile.
      if (!source || this.#readying !== next.key || this.#key === next.key) return;
      this.#readied = { grant, kind: source.kind };
      this.#prepare(this.#spare, next.key);
      await this.#spare.load(next.key, next.trackId, source, 0);
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
