/** What is told outside of the page, by which of the tabs. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Page } from 'playwright-core';

import { eventually } from '../support/messages.ts';
import { openSite, Visitor } from './visitor.ts';
import type { Messenger } from './visitor.ts';

declare global {
  interface Window {
    told: string[];
  }
}

test('of two tabs one tells of a new message, and none while somebody looks at it', async () => {
  const site = await openSite();
  const alice = await Visitor.signedIn(site, 'alice');
  const bob = await Visitor.signedIn(site, 'bob');
  await alice.writeTo(bob.handle, 'Tell me when');
  await bob.press(/^Requests/);
  await bob.openConversation(alice.name);
  await bob.press('Accept');
  await bob.write('On it');
  await alice.message('On it');

  const context = alice.page.context();
  await context.grantPermissions(['notifications']);
  await context.addInitScript(() => {
    window.told = [];
    class Told {
      static readonly permission = 'granted';
      static requestPermission = async () => 'granted';
      constructor(title: string, { body }: NotificationOptions) {
        window.told.push(`${title}: ${body}`);
      }
      close() {}
    }
    Object.assign(window, { Notification: Told });
  });
  const tabs: [Page, Page] = [alice.page, await context.newPage()];
  for (const tab of tabs) {
    await tab.goto('about:blank');
    await tab.goto(`${site.base}/app/`);
    await tab.locator('infrasound-list button.row').first().waitFor();
    await tab.waitForFunction(() => document.querySelector<Messenger>('infrasound-messenger')!.app.status.caughtUp);
  }
  // Chosen in one tab, it holds in the other, too.
  await tabs[1].evaluate(() => (location.hash = '#/notifications'));
  for (const name of ['Tell me of new messages', 'Show what they say']) await tabs[1].getByRole('switch', { name }).click();
  await tabs[1].evaluate(() => (location.hash = '#/'));
  const told = async () => (await Promise.all(tabs.map((tab) => tab.evaluate(() => window.told)))).flat();

  await bob.write('Now');
  await eventually('somebody is told', told, (all) => all.length > 0);
  for (const tab of tabs) await tab.locator('infrasound-list .row', { hasText: 'Now' }).waitFor();
  assert.deepEqual(await told(), [`${bob.name}: Now`], 'one of them tells');

  // Whichever tells: somebody looks at it in the first, and in the second.
  for (const [index, tab] of tabs.entries()) {
    await tab.locator('infrasound-list button.row').first().click();
    await tab.locator('infrasound-composer').waitFor();
    await bob.write(`Seen ${index}`);
    for (const each of tabs) await each.locator('infrasound-list .row', { hasText: `Seen ${index}` }).waitFor();
    await tab.evaluate(() => (location.hash = '#/'));
    await tab.locator('infrasound-composer').waitFor({ state: 'detached' });
  }
  await bob.write('Again');
  await eventually('somebody is told again', told, (all) => all.length > 1);
  assert.deepEqual(await told(), [`${bob.name}: Now`, `${bob.name}: Again`]);

  await alice.close();
  await bob.close();
});
