/** A change of a message that takes its time, and one that is refused. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import type { Client, ClientEvent } from '@infrasound/client';

import { Person } from '../support/browser.ts';
import { environment } from '../support/environment.ts';
import { assertAccessible } from './axe.ts';
import { embed, ownPage } from './embedded.ts';
import { openSite } from './visitor.ts';

declare global {
  interface Window {
    /** Has the client say that something happened. */
    happen: (event: ClientEvent) => void;
  }
}

/** The page's client, in which no change of a message ever happens by itself. */
function held(client: Client): Client {
  const happened: ClientEvent[] = [];
  let wake = () => {};
  window.happen = (event) => {
    happened.push(event);
    wake();
  };
  const over = <T extends object>(target: T, own: Partial<T>): T =>
    new Proxy(target, {
      get: (inner, name) => {
        const value = Reflect.get(name in own ? own : inner, name) as unknown;
        return typeof value === 'function' && !(name in own) ? (value as () => void).bind(inner) : value;
      },
    });
  return over(client, {
    conversation: (id) => over(client.conversation(id), { edit: async () => {}, delete: async () => {}, react: async () => {} }),
    events: async function* () {
      for (;;) {
        for (const event of happened.splice(0)) yield event;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  });
}

test('a change shows that it is on its way; if it is refused, the text comes back', async () => {
  const site = await openSite();
  const bob = await Person.signedIn(site, 'bob');
  const { person, page } = await ownPage(site, 'alice');
  const conversation = await page.evaluate(async (who) => {
    await (await window.own.send(who, 'At dusk')).sent;
    return window.own.conversationWith(who);
  }, bob.person.handle);
  assert.ok(conversation);
  await embed(page, held, undefined);
  await page.locator('infrasound-list button.row').first().click();
  const message = page.locator('infrasound-history [data-id]').filter({ hasText: 'At dusk' });
  const area = page.locator('infrasound-composer textarea');
  const choose = async (name: string) => {
    await message.hover();
    await message.getByRole('button', { name: 'More', exact: true }).click();
    await page.getByRole('menuitem', { name, exact: true }).click();
  };
  const refuse = (text: string) => page.evaluate(({ conversation, text }) => {
    window.happen({ type: 'failed', conversation, object: 'urn:uuid:00000000-0000-4000-8000-000000000000', code: 'refused', text });
  }, { conversation, text });

  await choose('Edit');
  await area.fill('At dawn');
  await area.press('Enter');
  await message.getByText('changing…').waitFor();
  await page.screenshot({ path: join(environment.screens, 'message-changing.png') });
  await refuse('no more changes today');
  const reason = message.getByText('no more changes today');
  await reason.waitFor();
  assert.equal(await reason.getAttribute('lang'), 'en', 'what the core says is in English, whatever the app speaks');
  await message.getByText('Not changed.').waitFor();
  assert.equal(await message.getByText('changing…').count(), 0);
  await assertAccessible(page, 'a change that was refused');
  await page.screenshot({ path: join(environment.screens, 'message-not-changed.png') });
  await message.getByRole('button', { name: 'Edit', exact: true }).click();
  assert.equal(await area.inputValue(), 'At dawn', 'the text comes back');
  await area.press('Escape');

  await choose('Delete');
  await page.locator('infrasound-dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await message.getByText('changing…').waitFor();
  await refuse('not now');
  await message.getByText('Not deleted.').waitFor();
  await message.getByRole('button', { name: 'Dismiss' }).click();
  await message.getByText('Not deleted.').waitFor({ state: 'detached' });

  await person.close();
  await bob.person.close();
});
