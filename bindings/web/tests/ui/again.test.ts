/** A message that did not go is sent again. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Messenger } from './visitor.ts';
import { acquainted, openSite } from './visitor.ts';

test('what did not go goes again from another page than the one that wrote it', async () => {
  const site = await openSite();
  const [alice, bob] = await acquainted(site);
  const other = await alice.page.context().newPage();
  await other.goto(`${site.base}/app/`);
  await other.waitForFunction(() => document.querySelector<Messenger>('infrasound-messenger')?.app.status.phase === 'ready');
  await other.locator('infrasound-list button.row').filter({ hasText: bob.name }).first().click();
  const rows = other.locator('infrasound-history [data-id]');
  await rows.filter({ hasText: 'Hello' }).waitFor();

  await bob.run((client, who) => client.setContact(who, 'blocked'), alice.handle);
  await alice.write('Are you <there> & well?');
  const failed = rows.filter({ hasText: 'Are you <there> & well?' });
  await failed.getByText('Not sent').waitFor();
  await bob.run((client, who) => client.setContact(who, 'accepted'), alice.handle);
  await failed.getByRole('button', { name: 'Try again' }).click();
  await bob.message('Are you <there> & well?');
  await rows.filter({ hasText: 'Are you' }).getByRole('img', { name: /Sent|Delivered|Read/ }).waitFor();
  assert.equal(await rows.filter({ hasText: 'Are you' }).count(), 1, 'it stands there once');

  await alice.close();
  await bob.close();
});
