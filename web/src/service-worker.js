// The shell opens without a network; sound, pictures and the API are never kept here.
const CACHE = 'odeon-__VERSION__';
const SHELL = __SHELL__;
const NEVER = /^\/(api|media|pictures|rest|socket|healthz|readyz|metrics)(\/|$)/;

self.addEventListener('install', (event) =>
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting())),
);

self.addEventListener('activate', (event) =>
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((n) => n.startsWith('odeon-') && n !== CACHE).map((n) => caches.delete(n))))
      .then(() => self.clients.claim()),
  ),
);

async function assetFirst(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok && answer.type === 'basic') await cache.put(request, answer.clone());
  return answer;
}

async function pageFromNetwork(request) {
  try {
    return await fetch(request);
  } catch (offline) {
    const shell = await caches.match('/', { cacheName: CACHE });
    if (shell) return shell;
    throw offline;
  }
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (NEVER.test(url.pathname) || request.headers.has('range')) return;
  if (url.pathname.startsWith('/assets/')) event.respondWith(assetFirst(request));
  else if (request.mode === 'navigate') event.respondWith(pageFromNetwork(request));
});
