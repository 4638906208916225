/** Everything by keyboard alone. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openSite, Visitor } from './visitor.ts';

test('somebody with a keyboard alone writes, answers, walks through messages, and gets back', async () => {
  const site = await openSite();
  const alice = await Visitor.signedIn(site, 'alice');
  const bob = await Visitor.signedIn(site, 'bob');
  const { keyboard } = alice.page;
  const focused = () => alice.page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return `${element?.getAttribute('aria-label') ?? ''} ${(element as HTMLElement | null)?.innerText ?? ''}`.replace(/\s+/g, ' ').trim();
  });
  /** Goes on with Tab until something is reached. */
  const tabTo = async (wanted: RegExp) => {
    const passed: string[] = [];
    for (let presses = 0; presses < 40; presses++) {
      const now = await focused();
      if (wanted.test(now)) return;
      passed.push(now);
      await keyboard.press('Tab');
    }
    assert.fail(`${String(wanted)} is not reached by Tab: ${passed.join(' | ')}`);
  };

  await tabTo(/^New message/);
  await keyboard.press('Enter');
  await tabTo(/^To$/);
  await keyboard.type(bob.handle);
  await keyboard.press('Enter');
  await tabTo(/^Message to/);
  await keyboard.type('First line');
  await keyboard.press('Shift+Enter');
  await keyboard.type('second line');
  await keyboard.press('Enter');
  await bob.press(/^Requests/);
  await bob.openConversation(alice.name);
  await bob.message('second line');
  await bob.press('Accept');
  await bob.write('I am here');
  await alice.message('I am here');

  // From the empty composer up to the newest message, and to what can be done with it.
  await tabTo(/^Message to/);
  await keyboard.press('ArrowUp');
  assert.match(await focused(), /I am here/);
  await keyboard.press('ArrowUp');
  assert.match(await focused(), /First line/);
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  assert.match(await focused(), /^Reply/);
  await keyboard.press('ArrowDown');
  assert.match(await focused(), /^React/);
  await keyboard.press('Enter');
  await alice.page.getByRole('dialog', { name: 'Emoji' }).filter({ visible: true }).waitFor();
  await keyboard.press('ArrowRight');
  await keyboard.press('Enter');
  await (await bob.message('I am here')).getByRole('button', { name: /❤️/ }).waitFor();

  // What was opened last closes first, and the conversation stays.
  await alice.openConversation(bob.name);
  await alice.press(/^Details of|Details of/);
  await alice.press('Safety number');
  await alice.page.getByRole('heading', { name: 'Safety number' }).waitFor();
  await keyboard.press('Escape');
  await alice.page.getByRole('heading', { name: 'Contact' }).waitFor();
  await keyboard.press('Escape');
  await alice.page.locator('infrasound-details').waitFor({ state: 'detached' });
  await alice.message('I am here');

  await alice.close();
  await bob.close();
});
