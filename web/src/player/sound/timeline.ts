/** Which track sounds when in a buffer that holds several, one after the other. All places are whole samples. */
import type { Feed } from './feed';

export interface Joined {
  /** The item of the queue. */
  key: number;
  trackId: string;
  /** As the catalogue says, until the sound itself says better. */
  lengthMs: number;
  feed: Feed;
}

export interface Part extends Joined {
  /** Where its first sample lies. */
  readonly start: number;
  /** Samples; null until all of it was read once. */
  length: number | null;
}

export class Timeline {
  readonly parts: Part[] = [];

  /** `origin`: where the first track begins. */
  constructor(
    readonly rate: number,
    private readonly origin = 0,
  ) {}

  get last(): Part | undefined {
    return this.parts.at(-1);
  }

  /** Puts a track behind the last one, whose length must be known. */
  add(joined: Joined): Part {
    const { last } = this;
    if (last && last.length === null) throw new Error('the track before has no end yet');
    const part: Part = { ...joined, start: last ? last.start + (last.length as number) : this.origin, length: null };
    this.parts.push(part);
    return part;
  }

  /** The part that holds a sample; before all parts the first, behind them the last. */
  at(sample: number): Part | undefined {
    return this.parts.findLast((part) => part.start <= sample) ?? this.parts[0];
  }

  after(part: Part): Part | undefined {
    return this.parts[this.parts.indexOf(part) + 1];
  }

  /** Forgets what follows a part. */
  cutAfter(part: Part): void {
    this.parts.length = this.parts.indexOf(part) + 1;
  }

  /** Forgets what ended before a sample, but never the part there. */
  forgetBefore(sample: number): void {
    const keep = this.at(sample);
    while (this.parts.length > 1 && this.parts[0] !== keep) this.parts.shift();
  }

  /** The one place where samples become seconds: one division, so that no error adds up. */
  seconds(sample: number): number {
    return sample / this.rate;
  }

  /** A clock that was set to a whole sample and then read gives that sample again. */
  sample(seconds: number): number {
    return Math.floor(seconds * this.rate + 0.5);
  }

  lengthMs(part: Part): number {
    const samples = part.length ?? part.feed.samples;
    return samples === null ? part.lengthMs : (samples / this.rate) * 1000;
  }

  /**
   * The part from which on the buffer no longer holds what the queue says, or null: `following` gives the key that is to
   * come after an item.
   */
  firstWrong(from: Part, following: (key: number) => number | null): Part | null {
    for (let part: Part | undefined = from; part; part = this.after(part)) {
      const next = this.after(part);
      if (next && next.key !== following(part.key)) return part;
    }
    return null;
  }
}
