/** What is new, who is typing, and how a conversation is found again. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openSite, Visitor } from './visitor.ts';

/** Typing is told once in so long. */
const TYPING = 3_000;

/** Types without sending, later than what was typed before was told. */
async function type(visitor: Visitor, text: string): Promise<void> {
  await visitor.page.waitForTimeout(TYPING);
  await visitor.page.locator('infrasound-composer textarea').pressSequentially(text);
}

test('the list counts what is new, a line marks it, typing is shown, and a search finds', async () => {
  const site = await openSite();
  const alice = await Visitor.signedIn(site, 'alice');
  const bob = await Visitor.signedIn(site, 'bob');
  const carol = await Visitor.signedIn(site, 'carol');
  for (const other of [bob, carol]) {
    await alice.writeTo(other.handle, `Hello ${other.name}`);
    await other.press(/^Requests/);
    await other.openConversation(alice.name);
    await other.press('Accept');
  }
  await alice.openConversation(bob.name);
  await bob.write('Seen at once');
  await alice.message('Seen at once');
  await (await bob.message('Seen at once')).getByRole('img', { name: 'Read' }).waitFor();

  // While Alice is with Carol, Bob goes on.
  await alice.openConversation(carol.name);
  const row = alice.page.locator('infrasound-list li').filter({ hasText: bob.name });
  assert.equal(await row.locator('.badge').count(), 0, 'nothing is new yet');
  await type(bob, 'First new');
  await row.getByText('typing…').waitFor();
  await bob.page.locator('infrasound-composer textarea').press('Enter');
  await row.getByText('First new').waitFor();
  assert.equal(await row.getByText('typing…').count(), 0, 'who has sent it is not typing any more');
  await bob.write('Second new');
  await row.getByText('2 unread messages').waitFor();
  await alice.page.waitForFunction(() => document.title === '(2) Infrasound');
  await alice.screenshot('unread');

  await row.locator('button.row').click();
  const rows = alice.page.locator('infrasound-history li');
  await rows.filter({ hasText: /^\s*New messages\s*$/ }).waitFor();
  const order = (await rows.allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim());
  const line = order.indexOf('New messages');
  assert.match(order[line - 1] ?? '', /Seen at once/);
  assert.match(order[line + 1] ?? '', /First new/);
  await row.locator('.badge').waitFor({ state: 'detached' });
  await alice.page.waitForFunction(() => document.title === 'Infrasound');
  await type(bob, 'Third');
  await alice.page.locator('infrasound-conversation .typing', { hasText: `${bob.name} is typing…` }).waitFor();

  const search = alice.page.getByRole('searchbox', { name: 'Search' });
  const found = alice.page.locator('infrasound-list button.row');
  await search.fill(carol.name.toUpperCase());
  await alice.page.locator('infrasound-list [role=status]', { hasText: '1 found' }).waitFor();
  assert.match(await found.innerText(), new RegExp(carol.name));
  await search.fill('second NEW');
  await found.filter({ hasText: bob.name }).waitFor();
  assert.equal(await found.count(), 1, 'by what was said last');
  await search.fill('nobody is called that');
  await alice.page.getByText('Nothing found for “nobody is called that”').waitFor();
  await search.press('Escape');
  await found.nth(1).waitFor();

  await alice.close();
  await bob.close();
  await carol.close();
});
