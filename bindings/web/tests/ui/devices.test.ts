/** Devices through the app: linked, named, taken away. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { tokenOf } from '../support/account.ts';
import { assertAccessible } from './axe.ts';
import { openSite, Visitor } from './visitor.ts';

test('a second browser is linked by its code, gets the history, is named, and is taken away', async () => {
  const site = await openSite();
  const first = await Visitor.signedIn(site, 'alice');
  const bob = await Visitor.signedIn(site, 'bob');
  await first.writeTo(bob.handle, 'Before the second device');
  await first.message('Before the second device');

  const second = await Visitor.arrive(site, first.account);
  await second.signIn(await tokenOf(first.name));
  await second.page.getByText('Your history: no message you ever received').waitFor();
  await assertAccessible(second.page, 'link or start over');
  await second.screenshot('link-or-start-over');
  await second.page.getByLabel('Name of this device').fill('Phone');
  await second.press('Link this device');
  const code = await second.page.locator('.big').innerText();
  await assertAccessible(second.page, 'the code for an old device');
  await second.screenshot('link-code');

  await first.press('Settings');
  await first.press('Devices');
  await first.press('Link a new device');
  await first.page.getByLabel('Code from the new device').fill(code);
  await first.press('Continue');
  await first.page.locator('infrasound-link-device .big').waitFor();
  assert.equal(await first.page.locator('infrasound-link-device .big').innerText(), await second.page.locator('.big').innerText());
  await assertAccessible(first.page, 'comparing the number');
  await first.screenshot('link-compare');
  await second.press('They are the same');
  await first.press('They are the same');
  await first.press('Done');
  await second.openConversation(bob.name);
  await second.message('Before the second device');

  await first.press('More about Phone');
  await first.choose('Rename');
  await first.page.locator('infrasound-devices').getByLabel('Name of this device').fill('Old phone');
  await first.press('Save');
  await first.press('More about Old phone');
  await first.screenshot('devices');
  await first.choose('Take this device away');
  await first.confirm(/^Take Old phone away/, 'Take this device away');
  await second.page.getByRole('heading', { name: 'This device is signed out' }).waitFor();
  await assertAccessible(second.page, 'a device that was taken away');
  await second.screenshot('device-ended');

  await first.close();
  await second.close();
  await bob.close();
});
