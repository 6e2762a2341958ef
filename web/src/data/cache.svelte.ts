/**
 * What the server has said, kept while it is useful: a screen shows what is known at once and corrects it when the
 * answer comes. Entries belong to topics; the server's event stream says which topic to ask about again.
 */
import { onDestroy } from 'svelte';
import { asApiError, type ApiError } from '../api/errors';
import type { Page } from '../api/types';
import { hear } from './heard';

export type Topic = 'uploads' | 'libraries' | 'catalog' | 'account' | 'marks' | 'playlists' | 'podcasts' | 'shares' | 'radio' | 'scrobbling';

interface Entry {
  readonly topics: readonly Topic[];
  watchers: number;
  refresh(): void;
}

/** Oldest unwatched entries leave beyond this many. */
const ENTRIES_MAX = 80;
/** Known data older than this is asked for again when a screen opens. */
const FRESH_MS = 15_000;
/** A list longer than this is not swapped under the reader; it offers a refresh instead. */
const QUIET_REFRESH_ITEMS_MAX = 200;
const PAGE_ITEMS = 100;
/** Further pages are asked for while somebody scrolls, so they are as long as the server gives them. */
const MORE_ITEMS = 200;

const entries = new Map<string, Entry>();

export class Resource<T> implements Entry {
  data = $state.raw<T | undefined>(undefined);
  error = $state.raw<ApiError | null>(null);
  busy = $state(false);
  watchers = 0;
  #at = 0;
  #again = false;

  constructor(
    readonly topics: readonly Topic[],
    private readonly load: () => Promise<T>,
  ) {}

  get stale(): boolean {
    return Date.now() - this.#at > FRESH_MS;
  }

  /** Asks the server; a second call while one is under way asks once more afterwards. */
  refresh = (): void => {
    if (this.busy) {
      this.#again = true;
      return;
    }
    this.busy = true;
    const asked = Date.now();
    this.load()
      .then((data) => {
        hear(data, asked);
        this.data = data;
        this.error = null;
        this.#at = Date.now();
      })
      .catch((thrown: unknown) => {
        this.error = asApiError(thrown);
      })
      .finally(() => {
        this.busy = false;
        if (this.#again) {
          this.#again = false;
          this.refresh();
        }
      });
  };
}

export class Pages<T extends { id: string }> implements Entry {
  items = $state.raw<T[]>([]);
  /** True once the first page is here. */
  loaded = $state(false);
  done = $state(false);
  error = $state.raw<ApiError | null>(null);
  busy = $state(false);
  /** The list has changed on the server and is too long to be swapped silently. */
  changed = $state(false);
  watchers = 0;
  #next: string | null = null;
  #known = new Set<string>();
  #at = 0;
  #turn = 0;

  constructor(
    readonly topics: readonly Topic[],
    private readonly load: (after: string | undefined, limit: number) => Promise<Page<T>>,
  ) {}

  get stale(): boolean {
    return Date.now() - this.#at > FRESH_MS;
  }

  refresh = (): void => {
    if (this.items.length > QUIET_REFRESH_ITEMS_MAX) this.changed = true;
    else this.restart();
  };

  /** Asks for the list from its start; what is shown stays until the answer is here. */
  restart = (): void => {
    const want = Math.max(PAGE_ITEMS, Math.min(this.items.length, QUIET_REFRESH_ITEMS_MAX));
    this.changed = false;
    void this.#fetch(undefined, want, (page) => {
      this.#known.clear();
      return this.#fresh(page.items);
    });
  };

  more = (): void => {
    if (this.busy || this.done || this.#next === null) return;
    void this.#fetch(this.#next, MORE_ITEMS, (page) => [...this.items, ...this.#fresh(page.items)]);
  };

  /** A list that changes between two pages may show an item again; one is enough. */
  #fresh(items: readonly T[]): T[] {
    return items.filter((item) => !this.#known.has(item.id) && this.#known.add(item.id));
  }

  async #fetch(after: string | undefined, limit: number, join: (page: Page<T>) => T[]): Promise<void> {
    const turn = ++this.#turn;
    this.busy = true;
    const asked = Date.now();
    try {
      const page = await this.load(after, limit);
      if (turn !== this.#turn) return;
      hear(page.items, asked);
      this.items = join(page);
      this.#next = page.next ?? null;
      this.done = this.#next === null;
      this.loaded = true;
      this.error = null;
      this.#at = Date.now();
    } catch (thrown) {
      if (turn === this.#turn) this.error = asApiError(thrown);
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }
}

function watch<E extends Entry & { stale: boolean }>(key: string, make: () => E): E {
  let entry = entries.get(key) as E | undefined;
  if (entry) entries.delete(key);
  else entry = make();
  entries.set(key, entry);
  for (const [old, candidate] of entries) {
    if (entries.size <= ENTRIES_MAX) break;
    if (candidate.watchers === 0 && candidate !== entry) entries.delete(old);
  }
  const found = entry;
  found.watchers += 1;
  onDestroy(() => (found.watchers -= 1));
  if (found.stale) queueMicrotask(found.refresh);
  return found;
}

/** One answer, watched by the calling component for as long as it lives. */
export function resource<T>(key: string, topics: Topic[], load: () => Promise<T>): Resource<T> {
  return watch(key, () => new Resource(topics, load));
}

/** A list asked for page by page, watched by the calling component. */
export function pages<T extends { id: string }>(
  key: string,
  topics: Topic[],
  load: (after: string | undefined, limit: number) => Promise<Page<T>>,
): Pages<T> {
  return watch(key, () => new Pages(topics, load));
}

/** Something under this topic changed: watched entries ask again, the others are dropped. */
export function invalidate(topic: Topic): void {
  for (const [key, entry] of entries) {
    if (!entry.topics.includes(topic)) continue;
    if (entry.watchers > 0) entry.refresh();
    else entries.delete(key);
  }
}

/** Another person may be next at this screen: nothing that was answered to the last one stays. */
export function forgetEverything(): void {
  entries.clear();
}
