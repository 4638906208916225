/** However often the device is opened again, there is one core on its journal at a time. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Person } from '../support/browser.ts';
import { says, send } from '../support/messages.ts';
import { Site } from '../support/site.ts';

const NETWORK = /net::ERR_/;

test('tabs that all notice that the network is back open one core', async () => {
  const [here, there] = await Promise.all([Site.open(), Site.open()]);
  const alice = await Person.signedIn(here, 'alice');
  const bob = await Person.signedIn(there, 'bob');
  await send(alice.tab, bob.person.handle, 'before');
  const second = await alice.person.tab();
  let streams = 0;
  const isDown = { now: true };
  here.meddle = ({ url = '' }, response) => {
    if (isDown.now) {
      response.destroy();
      return 'done';
    }
    if (url.startsWith('/v1/stream')) {
      streams += 1;
      response.on('close', () => (streams -= 1));
    }
    return 'pass';
  };
  here.breakConnections();
  // It waits for longer each time: what is noticed then is worth an opening.
  await alice.tab.until('it waits for a while', ({ online, retryAt = 0 }) => !online && retryAt > Date.now() + 1_500);
  isDown.now = false;
  await Promise.all(
    [alice.tab, second].map((tab) =>
      tab.run(() => {
        for (let n = 0; n < 5; n += 1) window.dispatchEvent(new Event('online'));
      }),
    ),
  );
  await alice.tab.caughtUp();
  await send(second, bob.person.handle, 'after');
  await says(bob.tab, alice.person.handle, ['before', 'after']);
  assert.equal(streams, 1, 'each core has a stream');

  await alice.person.close(NETWORK);
  await bob.person.close();
});

test('a store that is damaged can be left, and another begun', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const page = await alice.person.context.newPage();
  await page.goto(site.base);
  await alice.tab.page.close();
  // Every sealed record gets another last byte.
  await page.evaluate(async () => {
    const settled = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await settled(indexedDB.open('infrasound/infrasound'));
    const records = database.transaction('records', 'readwrite').objectStore('records');
    const [keys, values] = await Promise.all([settled(records.getAllKeys()), settled(records.getAll() as IDBRequest<Uint8Array[]>)]);
    for (const [index, value] of values.entries()) {
      value[value.length - 1]! ^= 1;
      records.put(value, keys[index]);
    }
    await new Promise((resolve) => (records.transaction.oncomplete = resolve));
    database.close();
  });
  const tab = await alice.person.tab();
  const status = await tab.until('it says so', ({ phase }) => phase === 'failed');
  assert.equal(status.error?.code, 'storage-damaged');
  await tab.run((client) => client.signOut());
  await tab.until('it is signed out', ({ phase }) => phase === 'signed-out');
  await tab.register(alice.person.account, { startOver: true });

  await alice.person.close(/status of 401/);
});
