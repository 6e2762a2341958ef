/** Favourites and ratings: shown at once, told to the server, taken back when it refuses. */
import { SvelteMap } from 'svelte/reactivity';
import { api, ask } from '../api/client';
import { asApiError } from '../api/errors';
import type { Mark } from '../api/types';
import { invalidate } from '../data/cache.svelte';
import { heardAt } from '../data/heard';
import { announcer, toasts } from './toasts.svelte';

export type MarkKind = 'track' | 'album' | 'artist' | 'video';
/** Something with a mark: what the server said of it, and how to call it. */
export interface Marked {
  kind: MarkKind;
  id: string;
  name: string;
  mark: Mark | undefined;
}

const NONE: Mark = { favourite: false, favourite_at: null, rating: null, plays: 0, played_at: null };
export const RATING_MAX = 5;

interface Done {
  mark: Mark;
  at: number;
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
    const now = new Date().toISOString();
    const params = { params: { path: { id: thing.id } } };
    const path = `/api/v1/${thing.kind as 'track'}s/{id}/favourite` as const;
    void this.#change(
      thing,
      { favourite, favourite_at: favourite ? now : null },
      () => ask(favourite ? api.PUT(path, params) : api.DELETE(path, params)),
    ).then((kept) => {
      if (!kept) return;
      if (favourite) announcer.say(`${thing.name} is a favourite`);
      else {
        toasts.say(`“${thing.name}” is no favourite any more`, { action: { label: 'Undo', act: () => this.favour(thing, true) } });
      }
    });
  };

  rate = (thing: Marked, rating: number | null): void => {
    const path = `/api/v1/${thing.kind as 'track'}s/{id}/rating` as const;
    const send = (): Promise<Mark> => ask(api.PUT(path, { params: { path: { id: thing.id } }, body: { rating } }));
    void this.#change(thing, { rating }, send).then((kept) => {
      if (kept) announcer.say(rating ? `${thing.name} rated ${rating} of ${RATING_MAX}` : `${thing.name} not rated`);
    });
  };

  forget(): void {
    this.#done.clear();
  }

  async #change(thing: Marked, wish: Partial<Mark>, send: () => Promise<Mark>): Promise<boolean> {
    const key = `${thing.kind}.${thing.id}`;
    const before = this.#done.get(key);
    const turn = (this.#turn.get(key) ?? 0) + 1;
    this.#turn.set(key, turn);
    this.#done.set(key, { mark: { ...this.get(thing), ...wish }, at: Date.now() });
    try {
      const mark = await send();
      if (this.#turn.get(key) === turn) this.#done.set(key, { mark, at: Date.now() });
      invalidate('marks');
      return this.#turn.get(key) === turn;
    } catch (thrown) {
      if (this.#turn.get(key) === turn) {
        if (before) this.#done.set(key, before);
        else this.#done.delete(key);
      }
      toasts.trouble(`“${thing.name}” stays as it was. ${asApiError(thrown).message}`);
      return false;
    }
  }
}

export const marks = new Marks();
