/** What a person may choose, and what is said of it. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { environment } from '../support/environment.ts';
import { assertAccessible } from './axe.ts';
import { openSite, Visitor } from './visitor.ts';

test('theme, language and the Enter key are as somebody wants them, and stay so', async () => {
  const site = await openSite();
  const alice = await Visitor.signedIn(site, 'alice');
  const bob = await Visitor.signedIn(site, 'bob');
  await alice.press('Settings');
  await alice.press('Appearance and language');
  await alice.page.getByLabel('Theme').selectOption('Dark');
  await alice.page.getByLabel('Sending').selectOption('Ctrl+Enter sends, Enter breaks the line');
  await alice.page.getByLabel('Language').selectOption('Deutsch');
  await alice.page.getByRole('heading', { name: 'Aussehen und Sprache' }).waitFor();
  await alice.page.reload();
  await alice.page.getByRole('heading', { name: 'Aussehen und Sprache' }).waitFor();
  assert.equal(await alice.page.evaluate(() => getComputedStyle(document.querySelector('infrasound-messenger')!).colorScheme), 'dark');
  assert.equal(await alice.page.evaluate(() => document.documentElement.lang), 'de');
  await assertAccessible(alice.page, 'German, dark');
  await alice.screenshot('settings-german-dark');

  await alice.press('Zurück');
  await alice.press('Zurück');
  await alice.press('Neue Nachricht');
  await alice.page.getByRole('searchbox', { name: 'An' }).fill(bob.handle);
  await alice.page.locator('infrasound-new-message button.row').filter({ hasText: bob.handle }).first().click();
  const area = alice.page.locator('infrasound-composer textarea');
  await area.fill('Eins');
  await area.press('Enter');
  await area.pressSequentially('zwei');
  assert.equal(await area.inputValue(), 'Eins\nzwei');
  await area.press('Control+Enter');
  await alice.message('zwei');

  await alice.press('Einstellungen');
  await alice.page.getByRole('button', { name: /^Aussehen/ }).click();
  await alice.page.getByLabel('Sprache').selectOption('العربية');
  await alice.page.getByRole('heading', { name: 'المظهر واللغة' }).waitFor();
  assert.equal(await alice.page.evaluate(() => getComputedStyle(document.querySelector('infrasound-messenger')!).direction), 'rtl');

  await alice.close();
  await bob.close();
});

test('somebody new is refused, blocked and let in again; the safety number is the same on both sides; the data can be taken along', async () => {
  const site = await openSite();
  const alice = await Visitor.signedIn(site, 'alice');
  const bob = await Visitor.signedIn(site, 'bob');
  await bob.writeTo(alice.handle, 'Hello Alice');
  await alice.press(/^Requests/);
  await alice.openConversation(bob.name);
  await alice.press('Block');
  await alice.confirm(/^Block bob/, 'Block');
  await alice.press('Settings');
  await alice.press('Privacy');
  await alice.page.getByLabel('Accounts younger than 30 days').selectOption('Refuse it');
  await alice.page.getByText('Saved').waitFor();
  await alice.page.locator('infrasound-privacy li').filter({ hasText: bob.handle }).getByRole('button', { name: 'Unblock' }).click();
  await alice.page.getByText('Blocked people').waitFor({ state: 'detached' });

  await alice.press('Back');
  await alice.press('Back');
  await alice.openConversation(bob.name);
  await alice.message('Hello Alice');
  await alice.write('Hello Bob');
  await bob.message('Hello Bob');
  const numbers = [];
  for (const visitor of [alice, bob]) {
    await visitor.press(/Details of/);
    await visitor.press('Safety number');
    numbers.push((await visitor.page.locator('infrasound-safety .digits').innerText()).replace(/\s+/g, ' ').trim());
  }
  assert.match(numbers[0] ?? '', /^(\d{5} ){11}\d{5}$/);
  assert.equal(numbers[0], numbers[1]);
  const theirs = alice.page.getByLabel(/^Or paste the number/);
  await theirs.fill(numbers[1] ?? '');
  await alice.page.getByText('The same. Nobody stands between you.').waitFor();
  await theirs.fill((numbers[1] ?? '').replace(/^\d/, (digit) => String((Number(digit) + 1) % 10)));
  await alice.page.getByText('Different! Do not trust this conversation').waitFor();
  await alice.screenshot('safety-number');

  await alice.press('Settings');
  await alice.press(/^Export my data/);
  const coming = alice.page.waitForEvent('download');
  await alice.confirm(/Export my data/, 'Export my data');
  const saved = join(environment.folder, `${alice.name}.jsonl`);
  await (await coming).saveAs(saved);
  const lines = readFileSync(saved, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as unknown);
  assert.ok(JSON.stringify(lines).includes('Hello Alice') && JSON.stringify(lines).includes('Hello Bob'));

  await alice.press('Sign out');
  await alice.page.getByText('This is your only device.').waitFor();
  await alice.confirm(/Sign out/, 'Sign out');
  await alice.button('Sign in with your account').waitFor();
  await alice.close();
  await bob.close();
});
