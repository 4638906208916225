/** The app: the element filling the page, its place written after `#`, the title, the worker that keeps it for offline. */
import { InfrasoundMessenger } from '../messenger.ts';
import { read, write } from '../app/place.ts';
import { asLink } from '../text/linked.ts';
import { client } from './client.ts';
import { onOpened } from './opened.ts';

/** The worker for offline waits no longer for the list, nor for a frame. */
const PATIENCE = 15_000;

const messenger = new InfrasoundMessenger();
messenger.client = client;
document.body.prepend(messenger);

const { app } = messenger;
let written = '';

const enter = () => {
  const link = location.hash.startsWith('#join?') ? asLink(location.hash) : undefined;
  if (link !== undefined) {
    // The link is a secret: it does not stay in the history.
    history.replaceState(null, '', '#/join');
    app.invitation = link;
  }
  const place = read(location.hash);
  written = write(place);
  app.go(place);
};

const tell = () => {
  const unread = app.unread();
  document.title = unread > 0 ? `(${unread}) Infrasound` : 'Infrasound';
  document.documentElement.lang = app.language;
  document.documentElement.dir = app.direction;
  document.documentElement.style.colorScheme = messenger.style.colorScheme;
  if ('setAppBadge' in navigator) void (unread > 0 ? navigator.setAppBadge(unread) : navigator.clearAppBadge()).catch(() => undefined);
  const place = write(app.place);
  if (place === written || !app.ready) return;
  written = place;
  history.pushState(null, '', `#${place}`);
};

enter();
app.watch(tell);
addEventListener('popstate', enter);
addEventListener('hashchange', enter);
onOpened((place) => app.go(read(place)));

if ('serviceWorker' in navigator && import.meta.env.PROD) {
  // The first one takes over what it was loaded with; each later one is another version.
  if (navigator.serviceWorker.controller) {
    navigator.serviceWorker.addEventListener('controllerchange', () => app.toast(app.say('new-version')));
  }
  // It fetches and compiles all that there is: not before there is something to see.
  let isKept = false;
  const keep = () => {
    if (isKept) return;
    isKept = true;
    navigator.serviceWorker.register('./service-worker.js').catch(() => undefined);
    // There is one to be woken once it is active.
    void navigator.serviceWorker.ready.then((registration) => app.push.begin(registration));
  };
  setTimeout(keep, PATIENCE);
  const stop = app.watch(() => {
    const { failure, listed, status: { phase } } = app;
    if (failure === undefined && !listed && (phase === 'starting' || phase === 'ready')) return;
    stop();
    // A page that is hidden has no frames.
    if (document.hidden) setTimeout(keep);
    else requestAnimationFrame(() => setTimeout(keep));
  });
}
