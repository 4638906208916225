/** A reaction is taken back. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertAccessible } from './axe.ts';
import { acquainted, openSite } from './visitor.ts';

test('a reaction that is pressed again goes, for both; so it does by keyboard', async () => {
  const site = await openSite();
  const [alice, bob] = await acquainted(site);
  const [hers, his] = [await alice.message('Hello'), await bob.message('Hello')];
  const react = async (name: string) => {
    await bob.menuOf('Hello');
    await bob.choose('React');
    await bob.page.getByRole('dialog', { name: 'Emoji' }).filter({ visible: true }).getByRole('button', { name }).first().click();
  };

  await react('🐘');
  await hers.getByRole('button', { name: /🐘/ }).click();
  await his.getByRole('button', { name: /^🐘/ }).filter({ hasText: '2' }).waitFor();
  const own = his.getByRole('button', { name: /^🐘/, pressed: true });
  await own.click();
  await his.getByRole('button', { name: /^🐘/, pressed: false }).waitFor();
  await hers.getByRole('button', { name: /^🐘/, pressed: true }).filter({ hasNotText: '2' }).waitFor();
  await assertAccessible(bob.page, 'a reaction of the other');
  await bob.screenshot('reaction-taken-back');

  await react('👍');
  await hers.getByRole('button', { name: /^👍/ }).waitFor();
  await bob.page.locator('infrasound-composer textarea').press('ArrowUp');
  await bob.page.keyboard.press('Enter');
  await bob.page.getByRole('menuitem', { name: 'Take 👍 back' }).waitFor();
  await bob.screenshot('reaction-menu');
  await bob.page.keyboard.press('ArrowDown');
  await bob.page.keyboard.press('ArrowDown');
  await bob.page.keyboard.press('Enter');
  await hers.getByRole('button', { name: /^👍/ }).waitFor({ state: 'detached' });

  // Chosen again from all emojis, it goes as well.
  await react('👍');
  await hers.getByRole('button', { name: /^👍/ }).waitFor();
  await react('👍');
  await hers.getByRole('button', { name: /^👍/ }).waitFor({ state: 'detached' });
  assert.equal(await his.getByText('changing…').count(), 0);

  await alice.close();
  await bob.close();
});
