/** A message that did not go is sent again. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Messenger } from './visitor.ts';
import { acquainted, openSite } from './visitor.ts';

test('what did not go goes again from another page than the one that wrote it, or is let go', async () => {
  const site = await openSite();
  const [alice, bob] = await acquainted(site);
  const other = await alice.page.context().newPage();
  const rows = other.locator('infrasound-history [data-id]');
  const open = async (page = other) => {
    await page.goto(`${site.base}/app/`);
    await page.waitForFunction(() => document.querySelector<Messenger>('infrasound-messenger')?.app.status.phase === 'ready');
    await page.locator('infrasound-list button.row').filter({ hasText: bob.name }).first().click();
    await page.locator('infrasound-history [data-id]').filter({ hasText: 'Hello' }).waitFor();
  };
  await open();

  await bob.run((client, who) => client.setContact(who, 'blocked'), alice.handle);
  await alice.write('Are you <there> & well?');
  const failed = rows.filter({ hasText: 'Are you <there> & well?' });
  await failed.getByText('Not sent').waitFor();
  await alice.write('Never mind');
  await rows.filter({ hasText: 'Never mind' }).getByText('Not sent').waitFor();
  await bob.run((client, who) => client.setContact(who, 'accepted'), alice.handle);
  await alice.page.close();
  await open();
  await failed.getByRole('button', { name: 'Try again' }).click();
  await bob.message('Are you <there> & well?');
  await rows.filter({ hasText: 'Are you' }).getByRole('img', { name: /Sent|Delivered|Read/ }).waitFor();
  assert.equal(await rows.filter({ hasText: 'Are you' }).count(), 1, 'it stands there once');

  const third = await alice.page.context().newPage();
  await open(third);
  const elsewhere = third.locator('infrasound-history [data-id]').filter({ hasText: 'Never mind' });
  await elsewhere.getByText('Not sent').waitFor();
  await rows.filter({ hasText: 'Never mind' }).hover();
  await rows.filter({ hasText: 'Never mind' }).getByRole('button', { name: 'More', exact: true }).click();
  await other.getByRole('menuitem', { name: 'Delete' }).click();
  await other.getByRole('button', { name: 'Delete' }).click();
  await rows.filter({ hasText: 'Never mind' }).waitFor({ state: 'detached' });
  await elsewhere.waitFor({ state: 'detached' });
  await open();
  assert.equal(await rows.filter({ hasText: 'Never mind' }).count(), 0, 'it is gone for good');

  await alice.close();
  await bob.close();
});
