/** Search as you type: one question at a time, after a breath; stale answers are never shown. */
import { api, ask } from '../api/client';
import { asApiError, type ApiError } from '../api/errors';
import type { SearchResults } from '../api/types';
import { hear } from '../data/heard';
import { recalled, remembered } from './recent';
import { session } from './session.svelte';
import { readStored, writeStored } from './stored';

const BREATH_MS = 120;
/** Answers of this search that are kept while it is open: going back a letter shows them at once. */
const KEPT_MAX = 30;
export const QUERY_MAX = 200;

export class Search {
  results = $state.raw<SearchResults | null>(null);
  /** What `results` were found for. */
  text = $state('');
  error = $state.raw<ApiError | null>(null);
  /** A question is under way, or about to be. */
  busy = $state(false);
  #kept = new Map<string, SearchResults>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking: AbortController | null = null;
  #wanted = '';

  constructor(private readonly limit: number) {}

  /** Looks for this; the same text again changes nothing. */
  look(typed: string, atOnce = false): void {
    const text = typed.trim().slice(0, QUERY_MAX);
    if (text === this.#wanted && !this.error) return;
    this.#wanted = text;
    this.stop();
    if (text === '') return this.#show('', null);
    const kept = this.#kept.get(text);
    if (kept) return this.#show(text, kept);
    this.busy = true;
    this.#timer = setTimeout(() => void this.#ask(text), atOnce ? 0 : BREATH_MS);
  }

  again = (): void => {
    const text = this.#wanted;
    this.#wanted = '';
    this.look(text, true);
  };

  stop(): void {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#asking = null;
    this.busy = false;
  }

  async #ask(text: string): Promise<void> {
    const asking = new AbortController();
    this.#asking = asking;
    const asked = Date.now();
    try {
      const found = await ask(api.GET('/api/v1/search', { params: { query: { q: text, limit: this.limit } }, signal: asking.signal }));
      if (asking.signal.aborted) return;
      hear(found, asked);
      this.#kept.set(text, found);
      for (const old of this.#kept.keys()) {
        if (this.#kept.size <= KEPT_MAX) break;
        this.#kept.delete(old);
      }
      this.#show(text, found);
    } catch (thrown) {
      if (asking.signal.aborted) return;
      this.error = asApiError(thrown);
      this.busy = false;
    }
  }

  #show(text: string, results: SearchResults | null): void {
    this.text = text;
    this.results = results;
    this.error = null;
    this.busy = false;
  }
}

export function groupsOf(found: SearchResults | null) {
  if (!found) return [];
  return [
    { label: 'Artists', items: found.artists },
    { label: 'Albums', items: found.albums },
    { label: 'Tracks', items: found.tracks },
    { label: 'Videos', items: found.videos },
  ];
}

/** What this person looked for on this device, the latest first. */
class Recent {
  list = $state.raw<string[]>([]);
  #owner = '';

  #load(): void {
    const owner = session.user?.id ?? '';
    if (owner === this.#owner) return;
    this.#owner = owner;
    this.list = recalled(readStored<unknown>(this.#key, [], Array.isArray));
  }
  get #key(): string {
    return `odeon.searches.${this.#owner}`;
  }
  open(): void {
    this.#load();
  }
  keep(text: string): void {
    this.#load();
    this.#set(remembered(this.list, text));
  }
  forget(text?: string): void {
    this.#set(text === undefined ? [] : this.list.filter((one) => one !== text));
  }
  #set(list: string[]): void {
    this.list = list;
    writeStored(this.#key, list);
  }
}

export const recent = new Recent();

/** The search that opens over any screen. */
class Palette {
  open = $state(false);
}
export const palette = new Palette();
