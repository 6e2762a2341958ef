/**
 * One media element that plays track after track out of one buffer, so that nothing happens at a boundary: the sound of
 * the next track lies behind that of the one before, to the sample, long before it is due. No script takes part in the
 * change; the page notices afterwards.
 *
 * A pump reads a feed and appends; everything that changes the buffer takes its turn in one line (`#turn`).
 */
import { AlbumTrack } from './album';
import { BadSound, FLAC_MIME } from './flac';
import { LineTrouble, type Patience } from './line';
import { sourceClass, takes } from './source';
import { Timeline, type Joined, type Part } from './timeline';

export interface RunHost {
  /** What follows an item, once that can be joined; null when nothing does. May take as long as there is sound. */
  next(after: Part, signal: AbortSignal): Promise<Joined | null>;
  /** Another part sounds now. */
  passed(part: Part): void;
  moved(): void;
  /** Neither sound nor patience is left. `bytes`: they can't be played; otherwise the way to them failed. */
  broke(text: string, bytes: boolean, trackId: string): void;
}

/** Sound that is kept ahead of the ear. */
const AHEAD_S = 40;
/** With less than this the browser's wish to stop reading is not obeyed, and no failure waits quietly. */
const AHEAD_LEAST_S = 8;
/** Sound that is kept behind it, for a step back. */
const BEHIND_S = 20;
const BEHIND_MOST_S = 60;
/** A seek within this of the end of what is here goes by what is here. */
const SEEK_SPARE_S = 0.2;
const LOOK_AGAIN_MS = 1000;
/** Sound as near as this is not taken out and put back. */
const TRIM_SPARE_S = 0.5;
const PAUSES_MS = [400, 1000, 2500, 5000] as const;

interface ManagedSource extends MediaSource {
  readonly streaming?: boolean;
}

/** Whether this browser can join tracks at all. */
export function canRun(): boolean {
  return takes(FLAC_MIME);
}

export class Run {
  readonly timeline: Timeline;
  readonly #source: ManagedSource;
  readonly #url: string;
  #buffer: SourceBuffer | null = null;
  #pump = new AbortController();
  #pumping: Promise<void> = Promise.resolve();
  #turns: Promise<unknown> = Promise.resolve();
  #part: Part;
  #reading: Part;
  /** All of it is here and nothing follows. */
  #over = false;
  #aheadS = AHEAD_S;
  #closed = false;
  /** The part behind which everything was taken out of the buffer, and whether to the sample: else to its codec's frame. */
  #cut: { part: Part; exact: boolean } | null = null;
  /** Where a seek wants to go that the element has not been told of yet. */
  #aim: number | null = null;

  constructor(
    private readonly element: HTMLAudioElement,
    first: Joined,
    atMs: number,
    private readonly host: RunHost,
  ) {
    const Source = sourceClass();
    if (!Source) throw new Error('this browser has no media sources');
    // What an album's run holds before a track has its place before it, so that a decoder can run up.
    this.timeline = new Timeline(first.feed.rate, first.feed instanceof AlbumTrack ? first.feed.rate : 0);
    this.#part = this.#reading = this.timeline.add(first);
    this.#aim = this.#part.start + Math.round((atMs / 1000) * first.feed.rate);
    this.#source = new Source();
    if (!('MediaSource' in globalThis)) element.disableRemotePlayback = true;
    this.#source.addEventListener('sourceopen', () => this.#opened(), { once: true });
    this.#url = URL.createObjectURL(this.#source);
    element.src = this.#url;
  }

  get part(): Part {
    return this.#part;
  }

  /** The part that is being read, or was last. */
  get reading(): Part {
    return this.#reading;
  }

  /** Where the ear is, counted from the beginning of the part that sounds. */
  get positionMs(): number {
    return Math.max(0, ((this.#sample() - this.#part.start) / this.timeline.rate) * 1000);
  }

  get lengthMs(): number {
    return this.timeline.lengthMs(this.#part);
  }

  /** How much of the part that sounds is here, counted from its beginning. */
  get bufferedMs(): number {
    const end = this.#bufferedEnd();
    return Math.max(0, Math.min((end - this.timeline.seconds(this.#part.start)) * 1000, this.lengthMs));
  }

  /** Sound that is left to play without the line. */
  get aheadMs(): number {
    return Math.max(0, this.#bufferedEnd() - this.#seconds()) * 1000;
  }

  /** What will sound behind the present part, if that is here already. */
  get following(): Part | undefined {
    return this.timeline.after(this.#part);
  }

  /** Whether the run goes on by itself behind the present part, or may still. */
  get goesOn(): boolean {
    return this.following !== undefined || !this.#over;
  }

  /** The element has moved. */
  moved(): void {
    if (this.#closed) return;
    const part = this.timeline.at(this.#sample());
    if (!part || part === this.#part) return;
    this.#part = part;
    this.host.passed(part);
  }

  /** To a place in the part that sounds. */
  seek(ms: number): void {
    this.#go(this.#part, Math.max(0, Math.round((ms / 1000) * this.timeline.rate)));
  }

  /** To the beginning of another part that is here. False when it is not. */
  jump(key: number): boolean {
    const part = this.timeline.parts.find((one) => one.key === key && one !== this.#part);
    if (!part || !this.#holds(this.timeline.seconds(part.start))) return false;
    this.#part = part;
    this.#go(part, 0);
    return true;
  }

  /** The queue has changed: what no longer follows is taken out again, and what follows now is asked for. */
  expect(following: (key: number) => number | null): void {
    if (this.#closed || !this.#buffer) return;
    const right = this.timeline.firstWrong(this.#part, following);
    if (right) void this.#cutAfter(right);
    else if (this.#over && this.timeline.last && following(this.timeline.last.key) !== null) this.#readFrom(this.timeline.last, null);
  }

  close(): void {
    this.#closed = true;
    this.#pump.abort();
    URL.revokeObjectURL(this.#url);
  }

  #sample(): number {
    return this.#aim ?? this.timeline.sample(this.element.currentTime);
  }

  #seconds(): number {
    return this.timeline.seconds(this.#sample());
  }

  #ranges(): [number, number][] {
    const { buffered } = this.element;
    return Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)]);
  }

  #holds(seconds: number): boolean {
    return this.#ranges().some(([from, to]) => from <= seconds + 0.001 && to > seconds + (this.#over ? 0 : SEEK_SPARE_S));
  }

  #bufferedEnd(): number {
    const here = this.#seconds();
    return this.#ranges().find(([from, to]) => from <= here + 0.1 && to >= here)?.[1] ?? here;
  }

  #opened(): void {
    if (this.#closed) return;
    try {
      this.#buffer = this.#source.addSourceBuffer(this.#part.feed.mime);
    } catch {
      this.host.broke('This browser can’t play the track.', true, this.#part.trackId);
      return;
    }
    this.#reach();
    const at = this.#aim ?? this.#part.start;
    if (at > 0) this.element.currentTime = this.timeline.seconds(at);
    this.#aim = null;
    this.#readFrom(this.#part, at - this.#part.start);
  }

  /** A place beyond the known end could not be sought, so the end is kept well beyond what will be. */
  #reach(): void {
    const { last } = this.timeline;
    if (!last || this.#source.readyState !== 'open' || this.#buffer?.updating) return;
    const end = this.timeline.seconds(last.start) + this.timeline.lengthMs(last) / 1000 + 600;
    if (!(this.#source.duration >= end - 300)) this.#source.duration = end;
  }

  /** Does something to the buffer when everything before is done. */
  #turn<T>(act: (buffer: SourceBuffer) => Promise<T> | T): Promise<T> {
    const mine = this.#turns.then(() => {
      if (this.#closed || !this.#buffer) throw new DOMException('closed', 'AbortError');
      return act(this.#buffer);
    });
    this.#turns = mine.catch(() => undefined);
    return mine;
  }

  #go(part: Part, sample: number): void {
    const place = part.start + sample;
    if (!this.#buffer) {
      this.#aim = place;
      return;
    }
    const seconds = this.timeline.seconds(place);
    if (this.#aim === null && this.#holds(seconds)) {
      this.element.currentTime = seconds;
      return;
    }
    this.#aim = place;
    this.timeline.cutAfter(part);
    void this.#restart(part, sample).catch(() => undefined);
  }

  /** Empties the buffer and reads on from another place. */
  async #restart(part: Part, sample: number): Promise<void> {
    const place = part.start + sample;
    this.#pump.abort();
    await this.#pumping;
    await this.#turn(async (buffer) => {
      if (this.#aim !== place) return;
      await emptied(buffer, this.#source, 0, Infinity);
      this.#reach();
      this.element.currentTime = this.timeline.seconds(place);
      this.#aim = null;
      this.#readFrom(part, sample);
    });
  }

  async #cutAfter(part: Part): Promise<void> {
    this.#over = false;
    this.timeline.cutAfter(part);
    this.#pump.abort();
    await this.#pumping;
    if (this.#closed || this.timeline.last !== part || part.length === null) return;
    // Half a sample, so that neither frame can be on the wrong side by rounding.
    const from = (part.start + part.length - 0.5) / this.timeline.rate;
    await this.#turn((buffer) => emptied(buffer, this.#source, from, Infinity)).catch(() => undefined);
    if (part.feed instanceof AlbumTrack) this.#cut = { part, exact: false };
    this.#readFrom(part, null);
  }

  /** Starts the pump: at a sample of a part, or behind its end when null. */
  #readFrom(part: Part, sample: number | null): void {
    this.#pump.abort();
    const pump = new AbortController();
    this.#pump = pump;
    this.#over = false;
    this.#reading = part;
    this.#pumping = this.#pumping.then(() => this.#read(part, sample, pump.signal)).catch((thrown: unknown) => {
      if (pump.signal.aborted || this.#closed) return;
      const bytes = !(thrown instanceof LineTrouble);
      const text = thrown instanceof BadSound || thrown instanceof LineTrouble ? thrown.message : 'This browser can’t play the track.';
      this.host.broke(text, bytes, this.#reading.trackId);
    });
  }

  async #read(first: Part, sample: number | null, signal: AbortSignal): Promise<void> {
    let [part, from, before]: [Part, number | null, Part | null] = [first, sample, null];
    for (;;) {
      this.#reading = part;
      if (from !== null) await this.#readPart(part, from, before, signal);
      const joined = await this.host.next(part, signal);
      signal.throwIfAborted();
      if (!joined) break;
      [before, part, from] = [part, this.timeline.add(joined), 0];
    }
    await this.#trim(part, signal);
    await this.#turn(() => {
      if (signal.aborted || this.#source.readyState !== 'open') return;
      this.#over = true;
      this.#source.endOfStream();
    });
    this.host.moved();
  }

  async #readPart(part: Part, sample: number, before: Part | null, signal: AbortSignal): Promise<void> {
    let end: number | null = null;
    const patience = this.#patience(signal);
    // A track that goes on where the one before ended goes on in the same stream.
    const goesOn = before !== null && part.feed instanceof AlbumTrack && part.feed.follows(before.feed);
    let first = !goesOn;
    const pieces = goesOn ? (part.feed as AlbumTrack).goOn(before.feed, this.#cut?.part === before, signal, patience) : part.feed.read(sample, signal, patience);
    this.#cut = null;
    for await (const piece of pieces) {
      await this.#room(signal);
      if (piece.bytes.length > 0) await this.#append(part, piece.bytes, first, signal);
      first = false;
      end = piece.end ?? end;
    }
    if (end === null) throw new BadSound('The track holds no sound.');
    part.length = end;
  }

  /** Nothing of the run follows a track of it: what lies behind its end in its last segment is taken out of the buffer. */
  async #trim(part: Part, signal: AbortSignal): Promise<void> {
    const { feed, length } = part;
    if (!(feed instanceof AlbumTrack) || length === null || (this.#cut?.part === part && this.#cut.exact)) return;
    const tail = feed.tail();
    const [end, from] = [part.start + length, part.start + (tail?.from ?? length)];
    await this.#turn(async (buffer) => {
      if (signal.aborted || this.#source.readyState !== 'open') return;
      this.#cut = { part, exact: true };
      // What is heard this moment is left alone; then a codec frame may be heard to its end.
      const near = this.#sample() > from - TRIM_SPARE_S * this.timeline.rate;
      await removed(buffer, this.timeline.seconds(near ? end : from - 0.5), Infinity);
      if (!tail || near) return;
      buffer.appendWindowEnd = this.timeline.seconds(end);
      await settled(buffer, () => buffer.appendBuffer(tail.bytes));
      buffer.appendWindowEnd = Infinity;
    }).catch((thrown: unknown) => {
      if (thrown instanceof BadSound) throw thrown;
    });
  }

  /** Failures wait quietly while there is sound to play. */
  #patience(signal: AbortSignal): Patience {
    return async (attempt, trouble) => {
      if (this.aheadMs < AHEAD_LEAST_S * 100 && (attempt > 0 || this.aheadMs === 0)) throw trouble;
      await pause(PAUSES_MS[Math.min(attempt, PAUSES_MS.length - 1)] as number, signal);
    };
  }

  /** Waits until the buffer may take more. */
  async #room(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const ahead = this.aheadMs / 1000;
      const wished = this.#source.streaming !== false || ahead < AHEAD_LEAST_S;
      if (ahead < this.#aheadS && wished) return;
      await new Promise<void>((go) => {
        const told: [EventTarget, string][] = [[this.element, 'timeupdate'], [this.element, 'seeking'], [signal, 'abort']];
        const on = (): void => {
          for (const [target, name] of told) target.removeEventListener(name, on);
          clearTimeout(timer);
          go();
        };
        const timer = setTimeout(on, LOOK_AGAIN_MS);
        for (const [target, name] of told) target.addEventListener(name, on);
      });
    }
  }

  async #append(part: Part, bytes: Uint8Array<ArrayBuffer>, first: boolean, signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        return await this.#turn(async (buffer) => {
          signal.throwIfAborted();
          await this.#forget(buffer);
          if (first) {
            // A reading that was broken off may have left half a box behind.
            if (this.#source.readyState === 'open') buffer.abort();
            const { feed } = part;
            const album = feed instanceof AlbumTrack;
            buffer.timestampOffset = this.timeline.seconds(part.start - (album ? feed.start : 0));
            if (album) buffer.appendWindowStart = this.timeline.seconds(part.start) - feed.runUpS;
          }
          await settled(buffer, () => buffer.appendBuffer(bytes));
          this.#reach();
        });
      } catch (thrown) {
        if (!(thrown instanceof DOMException) || thrown.name !== 'QuotaExceededError') throw thrown;
        // Full: keep less from now on, and wait until some of it was played.
        this.#aheadS = Math.max(AHEAD_LEAST_S / 2, Math.min(this.#aheadS, this.aheadMs / 1000) * 0.8);
        await this.#turn((buffer) => removed(buffer, 0, this.#seconds() - 2));
        await pause(250, signal);
        await this.#room(signal);
      }
    }
  }

  /** What was heard long ago makes room. */
  async #forget(buffer: SourceBuffer): Promise<void> {
    const start = this.#ranges()[0]?.[0];
    const here = this.#seconds();
    if (start === undefined || here - start < BEHIND_MOST_S) return;
    await removed(buffer, 0, here - BEHIND_S);
    this.timeline.forgetBefore(this.timeline.sample(here - BEHIND_S));
  }
}

/** Takes sound out between two appends of the same stream. */
async function removed(buffer: SourceBuffer, from: number, to: number): Promise<void> {
  if (to > from) await settled(buffer, () => buffer.remove(from, to));
}

/** Takes sound out and forgets what was half appended, so that another stream can begin. */
function emptied(buffer: SourceBuffer, source: MediaSource, from: number, to: number): Promise<void> {
  if (source.readyState === 'open') buffer.abort();
  return removed(buffer, from, to);
}

function settled(buffer: SourceBuffer, act: () => void): Promise<void> {
  return new Promise((done, failed) => {
    const end = (): void => {
      buffer.removeEventListener('updateend', end);
      buffer.removeEventListener('error', wrong);
      done();
    };
    const wrong = (): void => {
      buffer.removeEventListener('updateend', end);
      buffer.removeEventListener('error', wrong);
      failed(new BadSound('This browser can’t play the track.'));
    };
    buffer.addEventListener('updateend', end);
    buffer.addEventListener('error', wrong);
    try {
      act();
    } catch (thrown) {
      buffer.removeEventListener('updateend', end);
      buffer.removeEventListener('error', wrong);
      failed(thrown);
    }
  });
}

/** Waits; being online again cuts it short. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done, failed) => {
    const end = (): void => {
      clearTimeout(timer);
      removeEventListener('online', end);
      signal.removeEventListener('abort', end);
      if (signal.aborted) failed(signal.reason);
      else done();
    };
    const timer = setTimeout(end, ms);
    addEventListener('online', end);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}

