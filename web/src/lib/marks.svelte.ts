/** Favourites and ratings: shown at once, told to the server, taken back when it refuses. */
import { SvelteMap } from 'svelte/reactivity';
import { api, ask } from '../api/client';
import { asApiError } from '../api/errors';
import type { Mark } from '../api/types';
import { invalidate } from '../data/cache.svelte';
import { heardAt } from '../data/heard';
import { plural } from './time';
import { announcer, toasts } from './toasts.svelte';

export type MarkKind = 'track' | 'album' | 'artist' | 'video';
/** Something with a mark: what the server said of it, and how to call it. */
export interface Marked {
  kind: MarkKind;
  id: string;
  name: string;
  mark: Mark | undefined;
}

/** Things that are told to the server at once when many are favoured together. */
const AT_ONCE = 4;
const NONE: Mark = { favourite: false, favourite_at: null, rating: null, plays: 0, played_at: null };
export const RATING_MAX = 5;

interface Done {
  mark: Mark;
  at: number;
}

/** What became of a change. */
interface Outcome {
  error: string | null;
  /** Whether nothing else was wished meanwhile. */
  last: boolean;
}

class Marks {
  #done = new SvelteMap<string, Done>();
  /** One change of a thing at a time; the last wish wins. */
  #turn = new Map<string, number>();

  of(kind: MarkKind, id: string, told: Mark | undefined): Mark {
    const done = this.#done.get(`${kind}.${id}`);
    if (done && (!told || done.at >= heardAt(told))) return done.mark;
    return told ?? NONE;
  }

  get(thing: Marked): Mark {
    return this.of(thing.kind, thing.id, thing.mark);
  }

  favour = (thing: Marked, favourite = !this.get(thing).favourite): void => {
    void this.#favour(thing, favourite).then((done) => {
      if (!this.#heard(thing, done)) return;
      if (favourite) announcer.say(`${thing.name} is a favourite`);
      else {
        toasts.say(`“${thing.name}” is no favourite any more`, { action: { label: 'Undo', act: () => this.favour(thing, true) } });
      }
    });
  };

  /** Makes many favourites, or none of them any more; what fails ends it, and what was not reached stays as it was. */
  favourAll = async (things: readonly Marked[], favourite: boolean): Promise<void> => {
    const left = things.filter((thing) => this.get(thing).favourite !== favourite);
    const done: Marked[] = [];
    let trouble = '';
    const some = async (): Promise<void> => {
      for (let thing = left.shift(); thing && !trouble; thing = left.shift()) {
        const { error } = await this.#favour(thing, favourite);
        if (error === null) done.push(thing);
        else trouble = error;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, some));
    invalidate('marks');
    const now = favourite ? 'added to your favourites' : 'removed from your favourites';
    if (trouble) toasts.trouble(`${plural(done.length, 'track')} ${now}, the others not. ${trouble}`);
    else toasts.say(`${plural(done.length, 'track')} ${now}`, { action: { label: 'Undo', act: () => void this.favourAll(done, !favourite) } });
  };

  rate = (thing: Marked, rating: number | null): void => {
    const path = `/api/v1/${thing.kind as 'track'}s/{id}/rating` as const;
    const send = (): Promise<Mark> => ask(api.PUT(path, { params: { path: { id: thing.id } }, body: { rating } }));
    void this.#change(thing, { rating }, send).then((done) => {
      if (this.#heard(thing, done)) announcer.say(rating ? `${thing.name} rated ${rating} of ${RATING_MAX}` : `${thing.name} not rated`);
    });
  };

  forget(): void {
    this.#done.clear();
  }

  #favour(thing: Marked, favourite: boolean): Promise<Outcome> {
    const params = { params: { path: { id: thing.id } } };
    const path = `/api/v1/${thing.kind as 'track'}s/{id}/favourite` as const;
    const wish = { favourite, favourite_at: favourite ? new Date().toISOString() : null };
    return this.#change(thing, wish, () => ask(favourite ? api.PUT(path, params) : api.DELETE(path, params)));
  }

  /** Follows what became of one change: whether it was made and is the last. */
  #heard(thing: Marked, { error, last }: Outcome): boolean {
    if (error === null) invalidate('marks');
    else toasts.trouble(`“${thing.name}” stays as it was. ${error}`);
    return error === null && last;
  }

  /** Shows a change at once and tells the server. */
  async #change(thing: Marked, wish: Partial<Mark>, send: () => Promise<Mark>): Promise<Outcome> {
    const key = `${thing.kind}.${thing.id}`;
    const before = this.#done.get(key);
    const turn = (this.#turn.get(key) ?? 0) + 1;
    this.#turn.set(key, turn);
    this.#done.set(key, { mark: { ...this.get(thing), ...wish }, at: Date.now() });
    try {
      const mark = await send();
      if (this.#turn.get(key) === turn) this.#done.set(key, { mark, at: Date.now() });
      return { error: null, last: this.#turn.get(key) === turn };
    } catch (thrown) {
      if (this.#turn.get(key) === turn) {
        if (before) this.#done.set(key, before);
        else this.#done.delete(key);
      }
      return { error: asApiError(thrown).message, last: false };
    }
  }
}

export const marks = new Marks();
