/** Without a network messages are kept, and go when it is back. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Person } from '../support/browser.ts';
import { messagesWith, says, send } from '../support/messages.ts';
import { Site } from '../support/site.ts';

/** A browser says of each request that fails. */
const NETWORK = /net::ERR_|status of 50\d/;

test('what is written offline is kept over a reload, and goes when the network is back', async () => {
  const [here, there] = await Promise.all([Site.open(), Site.open()]);
  const alice = await Person.signedIn(here, 'alice');
  const bob = await Person.signedIn(there, 'bob');
  await send(alice.tab, bob.person.handle, 'before');
  await says(bob.tab, alice.person.handle, ['before']);

  // The line to the relay breaks, streams included.
  here.meddle = (_, response) => {
    response.destroy();
    return 'done';
  };
  here.breakConnections();
  await alice.tab.until('it is offline', ({ online }) => !online);
  assert.ok((await alice.tab.status()).retryAt !== undefined, 'it says when it tries again');
  await alice.tab.run((client, to) => client.send(to, 'while offline').then(() => undefined), bob.person.handle);
  await alice.tab.reload();
  const kept = (await messagesWith(alice.tab, bob.person.handle)).at(-1);
  assert.deepEqual([kept?.text, kept?.state], ['while offline', 'pending']);
  const refused = await alice.tab.run((client) =>
    client.devices().then(
      () => 'answered',
      (error: { code: string }) => error.code,
    ),
  );
  assert.equal(refused, 'unreachable');

  here.meddle = undefined;
  await alice.tab.run(() => window.dispatchEvent(new Event('online')));
  await says(bob.tab, alice.person.handle, ['before', 'while offline']);
  await alice.tab.caughtUp();

  await alice.person.close(NETWORK);
  await bob.person.close();
});

test('a relay that loses answers leads to nothing twice', async () => {
  const [here, there] = await Promise.all([Site.open(), Site.open()]);
  const alice = await Person.signedIn(here, 'alice');
  const bob = await Person.signedIn(there, 'bob');
  await send(alice.tab, bob.person.handle, 'first');
  let lost = 0;
  // The relay gets it and answers, and the answer is lost on its way.
  here.loseAnswers = ({ method, url = '' }) => {
    if (method !== 'POST' || !url.endsWith('/messages') || lost >= 3) return false;
    lost += 1;
    return true;
  };
  await send(alice.tab, bob.person.handle, 'second');
  await says(bob.tab, alice.person.handle, ['first', 'second']);
  assert.equal(lost, 3);

  await alice.person.close(NETWORK);
  await bob.person.close();
});
