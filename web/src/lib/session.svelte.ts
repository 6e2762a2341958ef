import { api, ask, askAs, whenSignedOut } from '../api/client';
import { asApiError, type ApiError } from '../api/errors';
import type { User } from '../api/types';
import { forgetEverything } from '../data/cache.svelte';
import { marks } from './marks.svelte';
import { router } from './router.svelte';

/** Links that somebody shared are open to everybody. */
const isLink = (path: string): boolean => /^\/(s|embed)\/[^/]+\/?$/.test(path);

/** Who is signed in. `ready` is false until the server has said. */
class SessionState {
  #user = $state.raw<User | null>(null);
  /** Tells the other tabs who signed in here. */
  #tabs = new BroadcastChannel('odeon.session');
  ready = $state(false);
  trouble = $state.raw<ApiError | null>(null);

  get user(): User | null {
    return this.#user;
  }

  set user(user: User | null) {
    this.#user = user;
    askAs(user?.id ?? null);
  }

  get isAdmin(): boolean {
    return this.user?.role === 'admin';
  }

  get mayUpload(): boolean {
    return this.user !== null && this.user.role !== 'listener';
  }

  async start(): Promise<void> {
    this.trouble = null;
    whenSignedOut(() => this.lost());
    this.#tabs.onmessage = ({ data }) => {
      if (data !== this.user?.id) this.lost();
    };
    try {
      this.user = await ask(api.GET('/api/v1/session'));
    } catch (thrown) {
      const error = asApiError(thrown);
      if (error.status !== 401) {
        this.trouble = error;
        return;
      }
      await this.#guest();
    }
    this.ready = true;
  }

  /** The session ended elsewhere: ask for a sign-in and come back to the same place. */
  lost(): void {
    if (this.user === null) return;
    this.#forget(null);
    this.#toSignIn();
  }

  /** Called where nobody is signed in and the address needs somebody. */
  require(): void {
    this.#toSignIn();
  }

  welcome(user: User): void {
    this.#forget(user);
    this.#tabs.postMessage(user.id);
  }

  async signOut(): Promise<void> {
    await ask(api.DELETE('/api/v1/session'));
    this.#forget(null);
    this.#tabs.postMessage(null);
    router.go('/sign-in', { replace: true });
  }

  /** Nothing of whoever was here stays for whoever comes. */
  #forget(next: User | null): void {
    this.user = next;
    dispatchEvent(new CustomEvent(ACCOUNT_EVENT));
    forgetEverything();
    marks.forget();
  }

  async #guest(): Promise<void> {
    this.user = null;
    if (['/setup', '/sign-in', '/welcome'].includes(location.pathname) || isLink(location.pathname)) return;
    try {
      if ((await ask(api.GET('/api/v1/setup'))).needed) {
        router.go('/setup', { replace: true });
        return;
      }
    } catch {
      // Sign-in says what is wrong when it is tried.
    }
    this.#toSignIn();
  }

  #toSignIn(): void {
    const back = location.pathname + location.search;
    if (location.pathname === '/sign-in') return;
    router.go(back === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(back)}`, { replace: true });
  }
}

/** Told to the window when somebody signs in or out, so that nothing of one account goes on under another. */
export const ACCOUNT_EVENT = 'odeon:account';

export const session = new SessionState();
