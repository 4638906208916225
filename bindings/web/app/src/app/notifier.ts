/** Tells of new messages outside of the page, if the person wants it. */
import type { Message } from '@infrasound/client';

export interface Notice { title: string; text: string; place: string; tag: string }

export const canNotify = (): boolean => 'Notification' in globalThis;

/** Asks the person through the browser; says whether they agreed. */
export async function permit(): Promise<boolean> {
  return canNotify() && await Notification.requestPermission() === 'granted';
}

/** Whether somebody who looks elsewhere should be told. */
export function isNews(message: Message): boolean {
  return !message.own && message.body.kind === 'html';
}

const shown = new Map<string, Notification>();

/** Takes back what was told of something that has been read since, here or elsewhere. */
export function withdraw(tag: string): void {
  shown.get(tag)?.close();
  shown.delete(tag);
}

export async function notify(notice: Notice, open: () => void): Promise<void> {
  if (!canNotify() || Notification.permission !== 'granted') return;
  const options: NotificationOptions = { body: notice.text, tag: notice.tag, data: notice.place };
  try {
    const notification = new Notification(notice.title, options);
    shown.set(notice.tag, notification);
    notification.onclick = () => {
      window.focus();
      open();
      withdraw(notice.tag);
    };
  } catch {
    // Browsers on phones allow it to a service worker only.
    const worker = await navigator.serviceWorker?.getRegistration();
    await worker?.showNotification(notice.title, options);
  }
}
