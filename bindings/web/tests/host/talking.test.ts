/** Two browsers talk. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Person } from '../support/browser.ts';
import { eventually, messagesWith, says, send } from '../support/messages.ts';
import { Site } from '../support/site.ts';

test('two browsers talk', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const bob = await Person.signedIn(site, 'bob');

  await send(alice.tab, bob.person.handle, 'Hello Bob');
  await says(bob.tab, alice.person.handle, ['Hello Bob']);
  await send(bob.tab, alice.person.handle, 'Hello Alice');
  await says(alice.tab, bob.person.handle, ['Hello Bob', 'Hello Alice']);

  const conversation = await bob.tab.run((client, who) => client.conversationWith(who), alice.person.handle);
  assert.ok(conversation);
  const summary = await bob.tab.run((client, id) => client.conversation(id).summary(), conversation);
  assert.deepEqual([summary?.id, summary?.person?.handle], [conversation, alice.person.handle]);
  const other = (conversation.startsWith('A') ? 'B' : 'A') + conversation.slice(1);
  assert.equal(await bob.tab.run((client, id) => client.conversation(id).summary(), other), undefined);
  await bob.tab.run((client, id) => client.conversation(id).markRead(99), conversation);
  await eventually(
    'the first message is read',
    () => messagesWith(alice.tab, bob.person.handle),
    ([first]) => first?.state === 'read',
  );

  await alice.person.close();
  await bob.person.close();
});
