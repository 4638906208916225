/** The app without a network: it opens, shows what is there, and keeps what is written. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openSite, Visitor } from './visitor.ts';

test('the installed app opens offline, and what is written there goes when the network is back', async () => {
  const site = await openSite();
  const alice = await Visitor.signedIn(site, 'alice');
  const bob = await Visitor.signedIn(site, 'bob');
  await alice.writeTo(bob.handle, 'Online');
  await alice.message('Online');
  await bob.press(/^Requests/);
  await bob.openConversation(alice.name);
  await bob.press('Accept');

  const kept = await alice.page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    const names = await caches.keys();
    const cache = await caches.open(names[0]!);
    return { names, files: (await cache.keys()).map(({ url }) => new URL(url).pathname) };
  });
  assert.equal(kept.names.length, 1, 'one version is kept');
  assert.ok(kept.files.includes('/app/') && kept.files.some((path) => path.endsWith('.wasm')), kept.files.join(' '));
  assert.ok(!kept.files.some((path) => /\/(v1|api)\//.test(path)), 'nothing of the API is kept');

  await alice.page.context().setOffline(true);
  await alice.page.reload();
  await alice.page.getByText('Offline. What you write is kept here').waitFor();
  await alice.message('Online');
  await alice.write('Written offline');
  await (await alice.message('Written offline')).getByRole('img', { name: 'Waiting to be sent' }).waitFor();
  await alice.screenshot('offline');
  await alice.page.context().setOffline(false);
  await bob.message('Written offline');
  await (await alice.message('Written offline')).getByRole('img', { name: 'Read' }).waitFor();
  await alice.page.getByText('Offline. What you write is kept here').waitFor({ state: 'detached' });

  // The browser itself says that it could not reach the relay.
  await alice.person.close(/net::ERR_INTERNET_DISCONNECTED/);
  await bob.close();
});
