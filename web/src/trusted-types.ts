/**
 * The page's `default` Trusted Types policy: the two scripts that may ever be started from a string,
 * the service worker and the video player's worker. Everything else throws.
 */
const WORKER = /^\/assets\/hls\.worker-[\w-]+\.js$/;

interface PolicyHost {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): unknown;
}

const host = (globalThis as { trustedTypes?: PolicyHost }).trustedTypes;
host?.createPolicy('default', {
  createScriptURL(url) {
    const { origin, pathname } = new URL(url, location.href);
    if (origin === location.origin && (pathname === '/sw.js' || WORKER.test(pathname))) return url;
    throw new TypeError(`refused script ${pathname}`);
  },
});

export {};
