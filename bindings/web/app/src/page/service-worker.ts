/**
 * Keeps the app's own files, so that it opens without a network. What the relay answers is never kept: this looks only at
 * addresses on its list, and leaves all others to the browser.
 */
declare const __VERSION__: string;
declare const __FILES__: { name: string; integrity: string }[];

const scope = self as unknown as ServiceWorkerGlobalScope;
const VERSION = __VERSION__;
const FILES = __FILES__;
const PREFIX = 'infrasound-app-';
const CACHE = PREFIX + VERSION;
/** Their names change with their content, so those of an earlier version are good for its tabs. */
const ASSETS = new URL('assets/', scope.location.href).href;
const addresses = new Set(FILES.map((file) => new URL(file.name, scope.location.href).href));

scope.addEventListener('install', (event) => event.waitUntil(fill()));
scope.addEventListener('activate', (event) => event.waitUntil(tidy()));
scope.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  if (method === 'GET' && (addresses.has(url.split('#')[0] ?? url) || url.startsWith(ASSETS))) event.respondWith(answer(event.request));
});
scope.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data as string));
});

async function fill(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(FILES.map(({ name, integrity }) => new Request(name, { integrity, cache: 'no-cache' })));
  await scope.skipWaiting();
}

async function tidy(): Promise<void> {
  const names = await caches.keys();
  // They are in the order of their making. The last but one is that of the tabs that are open still.
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).slice(0, -1);
  await Promise.all(old.map((name) => caches.delete(name)));
  await scope.clients.claim();
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  // The page goes with the files of its version. The browser looks for a newer worker at each visit by itself.
  if (request.mode === 'navigate') return (await cache.match('./')) ?? fetch(request);
  const kept = (await cache.match(request, { ignoreVary: true })) ?? (await caches.match(request, { ignoreVary: true }));
  return kept ?? fetch(request);
}

async function show(place: string): Promise<void> {
  const windows = await scope.clients.matchAll({ type: 'window' });
  const open = windows[0];
  if (open) {
    open.postMessage({ type: 'infrasound-open', place });
    await open.focus();
  } else {
    await scope.clients.openWindow(`./#${place}`);
  }
}
