/** A browser talks with the terminal client: both are hosts of the same core. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Person } from '../support/browser.ts';
import { says, send } from '../support/messages.ts';
import { Site } from '../support/site.ts';
import { Terminal } from '../support/terminal.ts';

test('a browser and a terminal talk', async () => {
  const site = await Site.open();
  const [alice, bob] = await Promise.all([Person.signedIn(site, 'alice'), Terminal.signedIn('bob')]);

  await send(alice.tab, bob.handle, 'Can you hear me?');
  const arrived = await bob.run(['inbox']);
  const message = arrived.find(({ type }) => type === 'message');
  assert.equal(message?.['text'], 'Can you hear me?');
  await bob.run(['accept', alice.person.handle]);
  await bob.run(['send', alice.person.handle, 'Loud & <clear>']);
  await says(alice.tab, bob.handle, ['Can you hear me?', 'Loud &amp; &lt;clear&gt;']);

  await alice.person.close();
});
