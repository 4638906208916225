/**
 * Keeps the push subscription of this browser, and what the relay knows of it, in step with what the person wants. What is woken
 * is the worker of the app's page (`page/service-worker.ts`): where the messenger is embedded in another page there is none.
 * What does not work disturbs nobody, and is tried again in a while, or at the next start. Spec: `push.md`.
 *
 * Every tab does it, one after the other, and each of them once more after the last change: so the last word is right.
 */
import type { Client, Conversation, PushOptions, Status } from '@infrasound/client';

import type { Language, Say } from '../strings/language.ts';
import { canNotify } from './notifier.ts';
import { Observable } from './observable.ts';
import type { Preferences } from './preferences.ts';
import { inUtc, type QuietHours } from './quiet-hours.ts';

/** The tag of the notice that the worker shows, and the cache and address where its words are. */
const NOTICE = 'infrasound-wake';
/** As many as the relay takes. */
const MOST_EXCEPTIONS = 1_000;
/** What did not work is not tried again sooner, in milliseconds, unless something else is wanted. */
const PATIENCE = 60_000;

/** What of the app it depends on. */
export interface Followed {
  client: Client | undefined;
  status: Status;
  listed: boolean;
  conversations: Conversation[];
  preferences: Preferences;
  say: Say;
  language: Language;
  direction: 'ltr' | 'rtl';
}

/** What the worker says; in hours of rest, without a sound: a push message may have waited for the phone until then. */
export interface Notice { title: string; body: string; lang: string; dir: string; quiet?: QuietHours }

/** Nobody is to be woken; or somebody, except then and for those, and the worker says this. */
export type Wanted = 'nothing' | { options: PushOptions; notice: Notice };

/** What is to be so now; `undefined` while that is not known, or cannot be told to the relay. */
export function wanted({ status, listed, conversations, preferences, say, language, direction }: Followed, allowed: boolean): Wanted | undefined {
  const { notify, notifyClosed, quiet, quietFrom, quietUntil } = preferences;
  if (status.phase === 'ended' || status.phase === 'signed-out') return 'nothing';
  if (status.phase !== 'ready' || !status.caughtUp || !listed) return undefined;
  if (!notify || !notifyClosed || !allowed) return 'nothing';
  // Sorted, since the list is in another order after each message.
  const except = conversations.filter(({ muted }) => muted).map(({ id }) => id).slice(0, MOST_EXCEPTIONS).sort();
  const rest = quiet ? { from: quietFrom, until: quietUntil } : undefined;
  return {
    options: { ...(rest && { quiet: inUtc(rest) }), except },
    notice: { title: say('wake-title'), body: say('wake-text'), lang: language, dir: direction, ...(rest && { quiet: rest }) },
  };
}

export class Push extends Observable {
  /** Why it does not work, if it does not. */
  failure: unknown;
  #registration: ServiceWorkerRegistration | undefined;
  /** The relay's key, once it was asked for. */
  #key: string | undefined;
  /** What was begun last, and what the relay was told last. */
  #begun = '';
  #told = '';
  /** Until when what failed last is left alone. */
  #patient = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: string,
    private readonly end: AbortSignal,
  ) {
    super();
  }

  /** Whether a person can have it here. */
  get isPossible(): boolean {
    return this.#registration !== undefined && this.#key !== undefined;
  }

  /** From now on the page has a worker that can be woken. */
  begin(registration: ServiceWorkerRegistration): void {
    if (!('pushManager' in registration) || !canNotify()) return;
    this.#registration = registration;
    const withdraw = () => void this.#withdraw(registration).catch(() => undefined);
    document.addEventListener('visibilitychange', withdraw, { signal: this.end });
    withdraw();
    this.changed();
  }

  /** Finds out whether the relay wakes devices. */
  async ask(client: Client): Promise<void> {
    this.#key ??= await client.pushKey();
    this.changed();
  }

  /** To be called whenever what it depends on may have changed. */
  follow(followed: Followed): void {
    const { client } = followed;
    const registration = this.#registration;
    const now = registration && wanted(followed, Notification.permission === 'granted');
    if (!client || !registration || now === undefined) return;
    const text = JSON.stringify(now);
    if (text === this.#begun && !(this.failure && Date.now() > this.#patient)) return;
    this.#begun = text;
    this.failure = undefined;
    this.#last = this.#last.then(() => this.#attempt(() => this.#keep(now, client, registration, followed.status.phase === 'ready')));
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await navigator.locks.request(`${this.store}-push`, { signal: this.end }, work);
      this.failure = undefined;
    } catch (error) {
      this.failure = error;
      this.#patient = Date.now() + PATIENCE;
    }
    this.changed();
  }

  async #keep(now: Wanted, client: Client, registration: ServiceWorkerRegistration, isDevice: boolean): Promise<void> {
    if (now !== 'nothing') await this.ask(client);
    if (now === 'nothing' || this.#key === undefined) return this.#stop(client, registration, isDevice);
    await keepNotice(now.notice);
    const subscription = await subscribe(registration.pushManager, this.#key);
    const telling = JSON.stringify([subscription, now.options]);
    if (telling === this.#told) return;
    this.#known = true;
    await client.setPush(subscription, now.options);
    this.#told = telling;
  }

  /** Here first: then nothing comes any more, even if the relay cannot be told just now. */
  async #stop(client: Client, registration: ServiceWorkerRegistration, isDevice: boolean): Promise<void> {
    this.#told = '';
    await caches.delete(NOTICE);
    const subscription = await registration.pushManager.getSubscription();
    await subscription?.unsubscribe();
    if (!subscription && !this.#known) return;
    // Of a device that is none any more the relay has forgotten it.
    if (isDevice) await client.setPush(undefined);
    this.#known = false;
  }

  /** Whether the relay may know of a subscription: until it has said that it has forgotten it, also at the next start. */
  get #known(): boolean {
    try {
      return localStorage.getItem(`${this.store}-pushed`) !== null;
    } catch {
      return false;
    }
  }

  set #known(known: boolean) {
    try {
      if (known) localStorage.setItem(`${this.store}-pushed`, '');
      else localStorage.removeItem(`${this.store}-pushed`);
    } catch {
      // Where nothing can be stored, the relay learns it when it pushes.
    }
  }

  /** Takes the notice back: whoever sees the app sees what there is. */
  async #withdraw(registration: ServiceWorkerRegistration): Promise<void> {
    if (document.hidden) return;
    for (const notice of await registration.getNotifications({ tag: NOTICE })) notice.close();
  }
}

/** The subscription that there is, if it is for this relay; else a new one. */
async function subscribe(manager: PushManager, applicationServerKey: string): Promise<PushSubscription> {
  const known = await manager.getSubscription();
  if (known && keyOf(known) === applicationServerKey) return known;
  await known?.unsubscribe();
  return manager.subscribe({ userVisibleOnly: true, applicationServerKey });
}

function keyOf({ options: { applicationServerKey } }: PushSubscription): string | undefined {
  if (!applicationServerKey) return undefined;
  const text = btoa(String.fromCharCode(...new Uint8Array(applicationServerKey)));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Leaves to the worker what it is to say: it has no texts of its own. */
async function keepNotice(notice: Notice): Promise<void> {
  const cache = await caches.open(NOTICE);
  await cache.put(NOTICE, Response.json(notice));
}
