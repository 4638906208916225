/**
 * Tells of new messages outside of the page, if the person wants it. Of the tabs with the same store one does, and only of what
 * is looked at in none: the browser's locks say which that is, and where somebody looks.
 */
import type { ConversationId, Message } from '@infrasound/client';

export interface Notice { title: string; text: string; place: string; conversation: ConversationId }

export const canNotify = (): boolean => 'Notification' in globalThis;

/** Asks the person through the browser; says whether they agreed. */
export async function permit(): Promise<boolean> {
  return canNotify() && await Notification.requestPermission() === 'granted';
}

/** Whether somebody who looks elsewhere should be told. */
export function isNews(message: Message): boolean {
  return !message.own && message.body.kind === 'html';
}

export class Notifier {
  readonly #shown = new Map<ConversationId, Notification>();
  readonly #store: string;
  readonly #end: AbortSignal;
  /** Whether it is this tab that tells. */
  #tells = false;
  #looked: ConversationId | undefined;
  #lookAway: (() => void) | undefined;

  constructor(store: string, end: AbortSignal) {
    this.#store = store;
    this.#end = end;
    end.addEventListener('abort', () => this.look(undefined));
    this.#hold(`${store}-notifies`, end, () => (this.#tells = true));
  }

  /** Says which conversation is before the person's eyes in this tab. */
  look(conversation: ConversationId | undefined): void {
    if (conversation === this.#looked) return;
    this.#looked = conversation;
    this.#lookAway?.();
    this.#lookAway = undefined;
    if (conversation === undefined) return;
    const away = new AbortController();
    this.#lookAway = () => away.abort();
    this.#hold(this.#lookedAt(conversation), away.signal, () => undefined, 'shared');
  }

  async tell(notice: Notice, open: () => void): Promise<void> {
    if (!this.#tells || !canNotify() || Notification.permission !== 'granted') return;
    if (await this.#isLookedAt(notice.conversation)) return;
    const options: NotificationOptions = { body: notice.text, tag: notice.conversation, data: notice.place };
    try {
      const notification = new Notification(notice.title, options);
      this.#shown.set(notice.conversation, notification);
      notification.onclick = () => {
        window.focus();
        open();
        this.withdraw(notice.conversation);
      };
    } catch {
      // Browsers on phones allow it to a service worker only.
      const worker = await navigator.serviceWorker?.getRegistration();
      await worker?.showNotification(notice.title, options);
    }
  }

  /** Takes back what was told of something that has been read since, here or elsewhere. */
  withdraw(conversation: ConversationId): void {
    this.#shown.get(conversation)?.close();
    this.#shown.delete(conversation);
  }

  #lookedAt(conversation: ConversationId): string {
    return `${this.#store}-looks-at-${conversation}`;
  }

  async #isLookedAt(conversation: ConversationId): Promise<boolean> {
    if (conversation === this.#looked) return true;
    const { held = [] } = await navigator.locks.query();
    return this.#end.aborted || held.some(({ name }) => name === this.#lookedAt(conversation));
  }

  /** Holds a lock from when it is free until the signal. */
  #hold(name: string, signal: AbortSignal, held: () => void, mode: LockMode = 'exclusive'): void {
    const hold = () => new Promise<void>((resolve) => {
      if (signal.aborted) return resolve();
      signal.addEventListener('abort', () => resolve());
      held();
    });
    // Given up before it was free; or a page without locks, in which there is no client either.
    void navigator.locks?.request(name, { signal, mode }, hold).catch(() => undefined);
  }
}
