/**
 * A track as a range of the one run in which its album was encoded, read by the run's HLS playlist. Segments begin before
 * the track and end behind it: the buffer cuts what is too much, unless the track before or behind is there as well. Then
 * nothing is cut, and there is nothing to be heard at the boundary.
 *
 * The run may still be growing. What is not there yet is waited for.
 */
import type { AlbumRun, TrackGrant } from '../../api/types';
import { BadSound } from './flac';
import { Line, LineTrouble, type Address, type Patience } from './line';
import { completeLastFrame, forgetPreSkip, readFragments, readInit } from './mp4';
import { all, INIT_BYTES_MAX, joined, readPlaylist, textOf, type MediaPlaylist } from './rung';
import { takes } from './source';
import type { Feed, Piece } from './feed';

/** What a decoder is given before the first sound that counts. */
const RUN_UP_S = 0.2;
const LOOK_AGAIN_MS = 500;
/** Where a track ends is asked for when this much of it is left, as far as the catalogue knows its length. */
const ASK_END_S = 8;

/** A segment as it is appended, on the clock of the run's sound. */
interface Appended {
  index: number;
  start: number;
  end: number;
  bytes: Uint8Array<ArrayBuffer>;
}

/** A rendition in a master playlist. */
interface Variant {
  url: string;
  bandwidth: number;
  codec: string;
}

export function variants(master: string): Variant[] {
  const lines = master.split('\n').map((line) => line.trim());
  return lines.flatMap((line, at) => {
    if (!line.startsWith('#EXT-X-STREAM-INF:')) return [];
    const url = lines.slice(at + 1).find((next) => next && !next.startsWith('#'));
    const bandwidth = Number(/[:,]BANDWIDTH=(\d+)/.exec(line)?.[1]);
    const codec = /[:,]CODECS="([^"]+)"/.exec(line)?.[1];
    return url && codec && bandwidth > 0 ? [{ url, bandwidth, codec }] : [];
  });
}

/** What a buffer is opened for. Browsers know the names of codecs in small letters. */
const mimeOf = (codec: string): string => `audio/mp4; codecs="${codec === 'Opus' ? 'opus' : codec}"`;

/** The best rendition with loss that this browser plays, or the smallest. */
export function choose(found: readonly Variant[], quality: 'high' | 'low', plays: (mime: string) => boolean): Variant | null {
  const usable = found.filter(({ codec }) => !/flac/i.test(codec) && plays(mimeOf(codec))).sort((a, b) => a.bandwidth - b.bandwidth);
  return (quality === 'low' ? usable[0] : usable.at(-1)) ?? null;
}

/** A place that counts by `rate`, counted by another one. */
const counted = (sample: number, rate: number, by: number): number => Math.round((sample * by) / rate);

export class AlbumTrack implements Feed {
  /** The last segments that were appended, until one is behind the end. */
  #appended: Appended[] = [];

  private constructor(
    private readonly run: string,
    private readonly grant: (fresh: boolean) => Promise<AlbumRun>,
    private readonly below: (path: string) => Address,
    private readonly playlist: string,
    private list: MediaPlaylist,
    private readonly init: Uint8Array<ArrayBuffer>,
    readonly mime: string,
    readonly rate: number,
    readonly channels: number,
    /** Ticks of the coder's delay, which every segment's clock is ahead. */
    private readonly delay: number,
    /** On the clock of the run's sound. */
    readonly start: number,
    private end: number | null,
    private readonly lengthMs: number,
  ) {}

  /** Null when the run has not come to this track, or this browser plays none of its renditions. */
  static async open(
    grant: TrackGrant,
    again: () => Promise<TrackGrant>,
    quality: 'high' | 'low',
    lengthMs: number,
    signal: AbortSignal,
    patience: Patience,
  ): Promise<AlbumTrack | null> {
    let known = grant.run;
    if (!known?.hls || typeof known.start_sample !== 'number' || known.rate_hz === 0) return null;
    const run = known.media_id;
    const granted = async (fresh: boolean): Promise<AlbumRun> => {
      if (fresh) known = (await again()).run;
      if (!known) throw new LineTrouble('gone', 'The sound is no longer there.');
      // The album is another one now, or was encoded anew: nothing of the two is mixed.
      if (known.media_id !== run) throw new LineTrouble('changed', 'The album has changed.');
      return known;
    };
    const master: Address = async (fresh) => (await granted(fresh)).hls ?? Promise.reject(new LineTrouble('gone', 'The sound is no longer there.'));
    // Below the master's own path, whichever grant that belongs to at the time.
    const below = (path: string): Address => async (fresh) => new URL(path, new URL(await master(fresh), location.href)).href;
    const variant = choose(variants(await textOf(master, signal, patience)), quality, takes);
    if (!variant) return null;
    const list = readPlaylist(await textOf(below(variant.url), signal, patience));
    if (!list || list.segments.length === 0) return null;
    const init = await all(new Line(below(list.init)), signal, patience, INIT_BYTES_MAX);
    const facts = readInit(init);
    // The edit list says the delay already; a browser that hears it twice cuts it off twice.
    if (facts?.codec === 'Opus') forgetPreSkip(init);
    if (!facts) throw new BadSound('The rendition can’t be read.');
    const { rate_hz, start_sample, end_sample } = known;
    const [start, end] = [start_sample, end_sample ?? null].map((place) => (place === null ? null : counted(place, rate_hz, facts.timescale)));
    return new AlbumTrack(run, granted, below, variant.url, list, init, mimeOf(variant.codec), facts.timescale, facts.channels, facts.delay, start as number, end ?? null, lengthMs);
  }

  /**
   * How much of that stays in the buffer. Opus takes four frames until it is exact, of which browsers keep one of themselves;
   * one of AAC is enough, and only what a window cuts off is given to its decoder before the first sound.
   */
  get runUpS(): number {
    return this.mime.includes('opus') ? RUN_UP_S : 0;
  }

  /** Samples of a frame of the codec. */
  get #frame(): number {
    return this.mime.includes('opus') ? 960 : 1024;
  }

  get samples(): number | null {
    return this.end === null ? null : this.end - this.start;
  }

  follows(before: Feed): boolean {
    return before instanceof AlbumTrack && before.run === this.run && before.mime === this.mime && before.end === this.start;
  }

  async *read(sample: number, signal: AbortSignal, patience: Patience): AsyncGenerator<Piece> {
    yield { bytes: this.init, end: null };
    this.#appended = [];
    yield* this.#from(this.#holding(this.start + sample - RUN_UP_S * this.rate), signal, patience);
  }

  /** Goes on behind a track that was read to its end. `cut`: what was too much of that has been taken out of the buffer. */
  async *goOn(before: Feed, cut: boolean, signal: AbortSignal, patience: Patience): AsyncGenerator<Piece> {
    if (!(before instanceof AlbumTrack)) throw new BadSound('The tracks are not of one run.');
    if (before.list.segments.length > this.list.segments.length) this.list = before.list;
    const last = before.#appended.at(-1);
    const crossing = before.#crossing();
    // What is there already may hold all of a short track.
    this.#appended = cut ? [] : before.#appended.filter((one) => one.end > this.start);
    const next = cut && crossing ? crossing.index : (last?.index ?? this.#holding(this.start) - 1) + 1;
    yield* this.#from(next, signal, patience);
  }

  /** The segment that holds both the end of this track and what follows, with the place where it begins. */
  tail(): { from: number; bytes: Uint8Array<ArrayBuffer> } | null {
    const found = this.#crossing();
    return found ? { from: found.start - this.start, bytes: found.bytes } : null;
  }

  #crossing(): Appended | undefined {
    const { end } = this;
    return end === null ? undefined : this.#appended.find((one) => one.start < end && one.end > end);
  }

  async *#from(first: number, signal: AbortSignal, patience: Patience): AsyncGenerator<Piece> {
    for (let index = first; ; index++) {
      const reached = this.#appended.at(-1)?.end ?? -1;
      const end = await this.#endNear(reached, signal);
      if (end !== null && reached >= end) break;
      const url = await this.#segment(index, signal, patience);
      if (url === null) break;
      const parts: Uint8Array<ArrayBuffer>[] = [];
      for await (const bytes of new Line(this.below(url)).read(0, signal, patience, true)) {
        parts.push(bytes);
        yield { bytes, end: null };
      }
      const bytes = joined(parts);
      if (this.list.ended && index === this.list.segments.length - 1) completeLastFrame(bytes, this.#frame);
      const facts = readFragments(bytes);
      if (!facts) throw new BadSound('A segment of the album is damaged.');
      const start = facts.start - this.delay;
      this.#appended = [...this.#appended.slice(-3), { index, start, end: start + facts.length, bytes }];
      yield { bytes: new Uint8Array(0), end: Math.max(0, Math.min(start + facts.length, end ?? Infinity) - this.start) };
    }
    const reached = this.#appended.at(-1)?.end ?? this.start;
    this.end ??= reached;
    yield { bytes: new Uint8Array(0), end: this.end - this.start };
  }

  /** Where the track ends; not asked for while that must be far away, and waited for when it can't be. */
  async #endNear(reached: number, signal: AbortSignal): Promise<number | null> {
    const far = this.start + (this.lengthMs / 1000 - ASK_END_S) * this.rate;
    while (this.end === null && reached > far) {
      const known = await this.grant(true);
      if (typeof known.end_sample === 'number') this.end = counted(known.end_sample, known.rate_hz, this.rate);
      // Still being made, and what is here plays meanwhile.
      else if (known.state === 'waiting' || known.state === 'encoding') await wait(signal);
      else break;
    }
    return this.end;
  }

  /** The address of a segment, as soon as there is one; null behind the last. */
  async #segment(index: number, signal: AbortSignal, patience: Patience): Promise<string | null> {
    for (;;) {
      const found = this.list.segments[index];
      if (found) return found.url;
      if (this.list.ended) return null;
      const list = readPlaylist(await textOf(this.below(this.playlist), signal, patience));
      if (!list) throw new BadSound('The list of segments can’t be read.');
      const grown = list.segments.length > this.list.segments.length || list.ended;
      this.list = list;
      if (!grown) await wait(signal);
    }
  }

  /** The segment that holds a place. */
  #holding(place: number): number {
    const { segments } = this.list;
    let ms = 0;
    // Lengths in the list are rounded, and count the coder's delay.
    const wanted = ((place + this.delay) / this.rate) * 1000 - 1;
    const found = segments.findIndex((one) => (ms += one.ms) > wanted);
    return found < 0 ? segments.length : found;
  }
}

function wait(signal: AbortSignal): Promise<void> {
  return new Promise((done, stop) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      if (signal.aborted) stop(signal.reason);
      else done();
    };
    const timer = setTimeout(end, LOOK_AGAIN_MS);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
