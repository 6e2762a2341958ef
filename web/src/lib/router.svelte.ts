/**
 * A small router: path patterns, lazy screens, focus on the new heading, exact scroll on Back.
 * Everything that knows about addresses is here and in `routes.ts`.
 */
import type { Component } from 'svelte';
import { match, type Params } from './match';

type Screen = Component<Record<string, never>>;
export interface Route {
  pattern: string;
  /** Who may stand here: `guest` screens need no session. */
  guest?: boolean;
  load: () => Promise<{ default: unknown }>;
}

interface Place {
  route: Route;
  params: Params;
  screen: Screen;
}

/** How long Back waits for a list to grow tall enough for its old scroll position. */
const SCROLL_PATIENCE_MS = 1500;
const HEADING_PATIENCE_MS = 4000;
/** The page reloads itself for a missing file at most this often. */
const RELOAD_AGAIN_MS = 30_000;

class Router {
  path = $state(location.pathname);
  search = $state(location.search);
  place = $state.raw<Place | null>(null);
  /** A screen's code could not be fetched. */
  lost = $state(false);
  busy = $state(false);
  #routes: Route[] = [];
  #fallback!: Route;
  #turn = 0;
  #key: string = crypto.randomUUID();

  get params(): Params {
    return this.place?.params ?? {};
  }

  start(routes: Route[], fallback: Route): void {
    this.#routes = routes;
    this.#fallback = fallback;
    history.scrollRestoration = 'manual';
    const state = history.state as { key?: string } | null;
    if (state?.key) this.#key = state.key;
    else history.replaceState({ key: this.#key }, '');
    addEventListener('popstate', (event) => {
      this.#remember();
      this.#key = (event.state as { key?: string } | null)?.key ?? crypto.randomUUID();
      void this.#show(this.#recall());
    });
    addEventListener('pagehide', () => this.#remember());
    document.addEventListener('click', (event) => this.#click(event));
    void this.#show(this.#recall(), true);
  }

  /** Goes to an address of the page. `replace` leaves no step in the history. */
  go(to: string, { replace = false } = {}): void {
    const url = new URL(to, location.origin);
    this.#remember();
    this.#key = crypto.randomUUID();
    history[replace ? 'replaceState' : 'pushState']({ key: this.#key }, '', url);
    void this.#show(0);
  }

  /** Writes another query into the present address; the screen stays as it is, and so does the focus. */
  query(search: string): void {
    history.replaceState({ key: this.#key }, '', location.pathname + search);
    this.search = search;
  }

  /** Shows the present address again, after a failed load. */
  again(): void {
    void this.#show(0);
  }

  find(path: string): { route: Route; params: Params } {
    for (const route of this.#routes) {
      const params = match(route.pattern, path);
      if (params) return { route, params };
    }
    return { route: this.#fallback, params: {} };
  }

  #click(event: MouseEvent): void {
    const link = (event.target as Element | null)?.closest?.('a[href]') as HTMLAnchorElement | null;
    if (!link || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    if (link.pathname + link.search !== location.pathname + location.search) this.go(link.href);
    else scrollTo({ top: 0 });
  }

  async #show(scroll: number, first = false): Promise<void> {
    const turn = ++this.#turn;
    const path = location.pathname;
    const { route, params } = this.find(path);
    this.busy = true;
    try {
      const screen = (await route.load()).default as Screen;
      if (turn !== this.#turn) return;
      this.lost = false;
      this.path = path;
      this.search = location.search;
      this.place = { route, params, screen };
    } catch {
      if (turn !== this.#turn || this.#startOver()) return;
      this.lost = true;
      this.place = null;
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
    if (!first) void this.#focusHeading(turn);
    this.#settle(scroll, turn);
  }

  /** A missing screen file mostly means that the server was updated: one reload brings the page that fits it. */
  #startOver(): boolean {
    try {
      const last = Number(sessionStorage.getItem('odeon.reloaded') ?? 0);
      if (!navigator.onLine || Date.now() - last < RELOAD_AGAIN_MS) return false;
      sessionStorage.setItem('odeon.reloaded', String(Date.now()));
    } catch {
      return false;
    }
    location.reload();
    return true;
  }

  /** Screen readers hear where they are; nothing scrolls because of it. */
  async #focusHeading(turn: number): Promise<void> {
    const until = performance.now() + HEADING_PATIENCE_MS;
    while (turn === this.#turn && performance.now() < until) {
      await new Promise(requestAnimationFrame);
      const heading = document.querySelector<HTMLElement>('main h1');
      if (!heading) continue;
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
      return;
    }
  }

  #settle(scroll: number, turn: number): void {
    const until = performance.now() + SCROLL_PATIENCE_MS;
    const step = (): void => {
      if (turn !== this.#turn) return;
      scrollTo({ top: scroll, behavior: 'instant' });
      if (Math.abs(scrollY - scroll) > 2 && performance.now() < until) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  #remember(): void {
    try {
      sessionStorage.setItem(`scroll.${this.#key}`, String(Math.round(scrollY)));
    } catch {
      // Without storage Back starts at the top; nothing else is lost.
    }
  }

  #recall(): number {
    try {
      return Number(sessionStorage.getItem(`scroll.${this.#key}`) ?? 0) || 0;
    } catch {
      return 0;
    }
  }
}

export const router = new Router();
