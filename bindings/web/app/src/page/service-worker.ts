/**
 * Keeps the app's own files, so that it opens without a network. What the relay answers is never kept: this looks only at
 * addresses on its list, and leaves all others to the browser.
 *
 * The relay wakes it when there may be something new and no page is connected (`push.md`). It cannot read what, and says so much.
 */
import { isQuiet, type QuietHours } from '../app/quiet-hours.ts';

declare const __VERSION__: string;
declare const __FILES__: { name: string; integrity: string }[];

const scope = self as unknown as ServiceWorkerGlobalScope;
const VERSION = __VERSION__;
const FILES = __FILES__;
const PREFIX = 'infrasound-app-';
const CACHE = PREFIX + VERSION;
/** Their names change with their content, so those of an earlier version are good for its tabs. */
const ASSETS = new URL('assets/', scope.location.href).href;
/** The tag of the notice that there may be something new, and the cache and address where its words are: see `app/push.ts`. */
const NOTICE = 'infrasound-wake';
interface Notice { title: string; body: string; lang: string; dir: NotificationDirection; quiet?: QuietHours }
const ENGLISH: Notice = { title: 'You may have new messages', body: 'Open Infrasound to see them.', lang: 'en', dir: 'ltr' };
const addresses = new Set(FILES.map((file) => new URL(file.name, scope.location.href).href));

scope.addEventListener('install', (event) => event.waitUntil(fill()));
scope.addEventListener('activate', (event) => event.waitUntil(tidy()));
scope.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  if (method === 'GET' && (addresses.has(url.split('#')[0] ?? url) || url.startsWith(ASSETS))) event.respondWith(answer(event.request));
});
scope.addEventListener('push', (event) => event.waitUntil(wake()));
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

/** Whoever has the app before them sees what is new. A page that is hidden may have lost its connection without knowing. */
async function wake(): Promise<void> {
  if ((await windows()).some(({ visibilityState }) => visibilityState === 'visible')) return;
  const { title, quiet, ...words } = await notice();
  // A push message may have waited for the phone until the hours of rest.
  const silent = quiet !== undefined && isQuiet(quiet);
  // One that was not looked at is said again, not only replaced.
  const options = { ...words, silent, renotify: !silent, tag: NOTICE, icon: './icon-192.png', data: '/' };
  await scope.registration.showNotification(title, options);
}

/** In the person's language, as the page left it here. */
async function notice(): Promise<Notice> {
  const kept = await caches.match(NOTICE, { cacheName: NOTICE }).catch(() => undefined);
  return kept ? kept.json() : ENGLISH;
}

/** The app's own windows: other pages of the relay may be in the worker's scope, too. */
async function windows(): Promise<WindowClient[]> {
  const { pathname } = new URL(scope.registration.scope);
  const all = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true });
  return all.filter(({ url }) => new URL(url).pathname === pathname);
}

async function show(place: string): Promise<void> {
  const [open] = await windows();
  if (open) {
    open.postMessage({ type: 'infrasound-open', place });
    await open.focus();
  } else {
    await scope.clients.openWindow(`./#${place}`);
  }
}
