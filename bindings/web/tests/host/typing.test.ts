/** That somebody is typing is said now and then, and anew after a message. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Person } from '../support/browser.ts';
import { eventually, send } from '../support/messages.ts';
import { Site } from '../support/site.ts';

test('at each key it is said once in a while; a message is followed by another one', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const bob = await Person.signedIn(site, 'bob');
  await send(alice.tab, bob.person.handle, 'Hello Bob');
  await send(bob.tab, alice.person.handle, 'Hello Alice');
  await eventually('they can write to each other', () => alice.tab.run((client, who) => client.conversationWith(who), bob.person.handle), Boolean);
  let said = 0;
  site.meddle = ({ url = '' }) => {
    if (url.endsWith('/typing')) said += 1;
    return 'pass';
  };
  const keys = () => alice.tab.run(async (client, who) => {
    const conversation = client.conversation((await client.conversationWith(who))!);
    for (let key = 0; key < 5; key++) await conversation.typing();
    await (await conversation.send('a line')).sent;
  }, bob.person.handle);
  await keys();
  assert.equal(said, 1);
  await keys();
  assert.equal(said, 2);

  await alice.person.close();
  await bob.person.close();
});
