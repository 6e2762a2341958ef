/** Leave to play the tracks of a link, remembered while it holds, in a form that this browser plays where there is one. */
import type { TrackGrant } from '../api/types';

/** Addresses are not used in the last minute of their life. */
const SPARE_MS = 60_000;

export class SharedGrants {
  #known = new Map<string, TrackGrant>();
  /** Tracks whose file this browser could not play to its end. */
  #spoilt = new Set<string>();

  constructor(
    private readonly ask: (id: string, encoded: boolean) => Promise<TrackGrant>,
    private readonly canPlay: (mime: string) => boolean,
    private readonly now: () => number = Date.now,
  ) {}

  /** The file of a track is of no use: what was known of it is forgotten, and from now on it is asked for encoded. */
  spoil(id: string): void {
    this.#spoilt.add(id);
    this.#known.delete(id);
  }

  /** `fresh`: what is known does not serve any more. Throws an `ApiError`. */
  async of(id: string, fresh = false): Promise<TrackGrant> {
    const spoilt = this.#spoilt.has(id);
    const known = this.#known.get(id);
    const lasts = known && Date.parse(known.expires_at) - this.now() > SPARE_MS;
    if (known && lasts && !fresh && (known.hls || (known.state === 'none' && !spoilt))) return known;
    let grant = await this.ask(id, spoilt);
    const { original } = grant;
    if (!spoilt && original && grant.state === 'none' && !this.canPlay(original.mime)) grant = await this.ask(id, true);
    // What was asked for before the file turned out to be damaged is no answer for later.
    if (spoilt === this.#spoilt.has(id)) this.#known.set(id, grant);
    return grant;
  }
}
