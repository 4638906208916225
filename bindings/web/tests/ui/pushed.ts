/** The browser's part in push, with no service of its maker's: what is subscribed is a test's, and what came is delivered by hand. */

import assert from 'node:assert/strict';

import type { Page } from 'playwright-core';

import type { PushedDevice } from '../support/push_service.ts';
import type { Site } from '../support/site.ts';
import type { Visitor } from './visitor.ts';

/** Opens the page about notifications in a browser that can be subscribed as this device, and allows them. */
export async function allowNotifications({ page }: Visitor, { subscription }: PushedDevice): Promise<void> {
  const context = page.context();
  await context.grantPermissions(['notifications']);
  await context.addInitScript((given) => {
    if (!('PushManager' in window)) return;
    // Browsers keep a subscription, too.
    const kept = 'subscribed-with';
    const made = (key: string) => ({
      endpoint: given.endpoint,
      options: {
        userVisibleOnly: true,
        applicationServerKey: Uint8Array.from(atob(key.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0)).buffer,
      },
      toJSON: () => given,
      unsubscribe: async () => {
        localStorage.removeItem(kept);
        return true;
      },
    });
    Object.assign(PushManager.prototype, {
      getSubscription: async () => {
        const key = localStorage.getItem(kept);
        return key === null ? null : made(key);
      },
      subscribe: async ({ userVisibleOnly, applicationServerKey }: { userVisibleOnly: boolean; applicationServerKey: string }) => {
        if (!userVisibleOnly) throw new DOMException('each message must be shown', 'NotAllowedError');
        localStorage.setItem(kept, applicationServerKey);
        return made(applicationServerKey);
      },
    });
  }, subscription);
  await page.reload();
  await page.evaluate(() => (location.hash = '#/notifications'));
  await page.getByRole('switch', { name: 'Tell me of new messages' }).click();
}

/** Wants to be told while the app is closed, too, or not any more; answers when the relay knows. */
export async function tellWhenClosed({ page, person }: Visitor, wanted = true): Promise<void> {
  const told = answered(person.site, wanted ? 'PUT' : 'DELETE');
  await page.getByRole('switch', { name: /^Also when Infrasound is closed/ }).setChecked(wanted);
  await told;
}

/** Waits until the relay has taken the next request of this kind about the subscription. */
export async function answered(site: Site, method: 'PUT' | 'DELETE'): Promise<void> {
  const status = await new Promise<number>((resolve) => {
    site.meddle = (request, response) => {
      const isIt = request.url === '/v1/push' && request.method === method;
      if (isIt) response.on('finish', () => resolve(response.statusCode));
      return 'pass';
    };
  });
  assert.ok(status >= 200 && status < 300, `the relay takes it: ${status}`);
}

/** Gives what delivers a push message to the app's worker, as a browser does; the page is any other one of its origin. */
export async function deliveries(page: Page, scope: string): Promise<() => Promise<void>> {
  const session = await page.context().newCDPSession(page);
  const registration = new Promise<string>((resolve) => {
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const found = registrations.find(({ scopeURL, isDeleted }) => scopeURL === scope && !isDeleted);
      if (found) resolve(found.registrationId);
    });
  });
  await session.send('ServiceWorker.enable');
  const registrationId = await registration;
  return async () => {
    const { origin } = new URL(scope);
    await session.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data: '{"type":"wake"}' });
  };
}
