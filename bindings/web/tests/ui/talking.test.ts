/** Two people talk through the app. */

import { test } from 'node:test';

import { openSite, Visitor } from './visitor.ts';

test('two people talk: a request, an answer, a reaction, a correction, a deletion', async () => {
  const site = await openSite();
  const alice = await Visitor.signedIn(site, 'alice');
  const bob = await Visitor.signedIn(site, 'bob');
  await alice.screenshot('list-empty');

  await alice.writeTo(bob.handle, 'Shall we meet at the waterhole?');
  await alice.message('Shall we meet at the waterhole?');

  await bob.press(/^Requests/);
  await bob.openConversation(alice.name);
  await bob.message('Shall we meet at the waterhole?');
  await bob.screenshot('request');
  await bob.press('Accept');
  await bob.write('With pleasure.');

  const answer = await alice.message('With pleasure.');
  await answer.hover();
  await answer.getByRole('button', { name: 'React', exact: true }).click();
  await alice.page.getByRole('dialog', { name: 'Emoji' }).filter({ visible: true }).getByRole('button', { name: '🐘' }).first().click();
  await (await bob.message('With pleasure.')).getByRole('button', { name: /🐘/ }).waitFor();

  await alice.menuOf('With pleasure.');
  await alice.choose('Reply');
  await alice.write('At dusk');
  const reply = await bob.message('At dusk');
  await reply.locator('.quote', { hasText: 'With pleasure.' }).waitFor();

  await alice.menuOf('At dusk');
  await alice.choose('Edit');
  await alice.write('At dusk, then');
  await (await bob.message('At dusk, then')).getByText('edited').waitFor();
  await (await alice.message('At dusk, then')).getByRole('img', { name: 'Read' }).waitFor();
  await alice.screenshot('conversation');

  await bob.menuOf('With pleasure.');
  await bob.choose('Delete');
  await bob.confirm(/Delete this message/, 'Delete');
  await alice.message('This message was deleted.');

  await alice.close();
  await bob.close();
});
