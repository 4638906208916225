/** The browser's store: sealed, cleared, full, forbidden. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { chromium, type BrowserContext } from 'playwright-core';

import { newAccount } from '../support/account.ts';
import { afterwards } from '../support/afterwards.ts';
import { environment } from '../support/environment.ts';
import { Person, type Tab } from '../support/browser.ts';
import { eventually, says, send, textsWith } from '../support/messages.ts';
import { Site } from '../support/site.ts';

/** Every byte and text in all databases of the page's origin, one after the other. */
async function everything(tab: Tab): Promise<string> {
  return tab.page.evaluate(async () => {
    const settled = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const texts: string[] = [];
    const add = (value: unknown): void => {
      if (value instanceof ArrayBuffer) texts.push(new TextDecoder('latin1').decode(value));
      else if (ArrayBuffer.isView(value)) texts.push(new TextDecoder('latin1').decode(value));
      else if (Array.isArray(value)) value.forEach(add);
      else if (value instanceof CryptoKey) texts.push(`CryptoKey extractable=${value.extractable}`);
      else if (typeof value === 'object' && value !== null) Object.entries(value).forEach(([key, part]) => [key, part].forEach(add));
      else texts.push(String(value));
    };
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await settled(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const objects = database.transaction(store).objectStore(store);
        const [keys, values] = [settled(objects.getAllKeys()), settled(objects.getAll())];
        add(await keys);
        add(await values);
      }
      database.close();
    }
    return texts.join('\n');
  });
}

/** A Chromium of its own, which stores on disk, with these preferences. */
async function ownProfile(preferences: object): Promise<BrowserContext> {
  const profile = mkdtempSync(join(environment.folder, 'profile-'));
  mkdirSync(join(profile, 'Default'));
  writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify(preferences));
  const { executablePath, flags } = environment;
  const context = await chromium.launchPersistentContext(profile, { executablePath, args: flags });
  afterwards(() => context.close());
  return context;
}

test('nothing is readable in IndexedDB', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const bob = await Person.signedIn(site, 'bob');
  await send(alice.tab, bob.person.handle, 'a secret among elephants');
  await alice.tab.run(async (client, to) => {
    const file = new File(['the file of the elephants'], 'ivory-tower.txt', { type: 'text/plain' });
    // It is not waited for: its sealed bytes are in the spool.
    await client.send(to, 'with a file', { files: [file] });
    await client.createGroup({ name: 'Mammoths', members: [to] });
  }, bob.person.handle);
  await says(bob.tab, alice.person.handle, ['a secret among elephants', 'with a file']);
  for (const { tab } of [alice, bob]) {
    const stored = await everything(tab);
    assert.ok(stored.length > 5_000, 'something is stored');
    assert.match(stored, /CryptoKey extractable=false/);
    const plain = [
      'secret',
      'elephants',
      'ivory-tower',
      'with a file',
      'Mammoths',
      alice.person.account.name,
      bob.person.account.name,
    ];
    for (const text of plain) assert.ok(!stored.includes(text), `"${text}" is readable`);
  }
  await alice.person.close();
  await bob.person.close();
});

test('a store that is cleared under the page is said to be lost, and another can be begun', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const session = await alice.person.context.newCDPSession(alice.tab.page);
  await session.send('Storage.clearDataForOrigin', { origin: site.base, storageTypes: 'all' });
  const status = await alice.tab.until('it is signed out', ({ phase }) => phase === 'signed-out');
  assert.equal(status.error?.code, 'storage-lost');
  const code = await alice.tab.run(async (client) =>
    client.conversation('x').messages().then(
      () => 'answered',
      (error: { code: string }) => error.code,
    ),
  );
  assert.equal(code, 'not-signed-in');
  await alice.tab.register(alice.person.account, { startOver: true });
  await alice.tab.reload();
  await alice.tab.caughtUp();

  await alice.person.close(/status of 401/);
});

test('a full store refuses what it cannot keep, and keeps what it has confirmed', async () => {
  const site = await Site.open();
  const person = Person.in(await ownProfile({}), site);
  person.account = await newAccount('alice');
  const page = await person.context.newPage();
  const session = await person.context.newCDPSession(page);
  // From the beginning: Chromium remembers for a while how much room there was.
  await session.send('Storage.overrideQuotaForOrigin', { origin: site.base, quotaSize: 3_000_000 });
  const alice = { person, tab: await person.tab() };
  await alice.tab.register(person.account);
  const bob = await Person.signedIn(site, 'bob');
  await send(alice.tab, bob.person.handle, 'there is room');
  const refusal = await alice.tab.run(async (client, to) => {
    const text = 'x'.repeat(50_000);
    for (let n = 0; n < 200; n += 1) {
      try {
        await client.send(to, `too much ${text}`);
      } catch (error) {
        return { code: (error as { code: string }).code, confirmed: n };
      }
    }
    return { code: 'none', confirmed: 200 };
  }, bob.person.handle);
  assert.equal(refusal.code, 'storage-full');
  const status = await alice.tab.until('it says so', ({ phase }) => phase === 'failed');
  assert.equal(status.error?.code, 'storage-full');

  await session.send('Storage.overrideQuotaForOrigin', { origin: site.base });
  await alice.tab.until('there is room again', ({ phase }) => phase === 'ready');
  await send(alice.tab, bob.person.handle, 'room again');
  const seen = await eventually(
    'all that was confirmed arrives',
    () => textsWith(bob.tab, alice.person.handle),
    (texts) => texts.at(-1) === 'room again',
  );
  // What was refused is not there, and what was confirmed is, once.
  assert.equal(seen.length, refusal.confirmed + 2);
  assert.equal((await textsWith(alice.tab, bob.person.handle)).length, seen.length);

  await alice.person.close();
  await bob.person.close();
});

test('a browser that forbids to store says so', async () => {
  const site = await Site.open();
  // What "block all site data" in the settings does.
  const context = await ownProfile({ profile: { default_content_setting_values: { cookies: 2 } } });
  const page = await context.newPage();
  await page.goto(site.base);
  const outcome = await page.evaluate(async () => {
    const path = '/client/index.js';
    const { connect } = (await import(path)) as typeof import('@infrasound/client');
    const client = await connect();
    return client.status;
  });
  assert.deepEqual([outcome.phase, outcome.error?.code], ['failed', 'storage-forbidden']);
});

test('signing out erases everything', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const bob = await Person.signedIn(site, 'bob');
  await send(alice.tab, bob.person.handle, 'to be forgotten');
  await alice.tab.run(async (client, who) => {
    const conversation = client.conversation((await client.conversationWith(who)) ?? '');
    await (await conversation.send('', { files: [new File(['a file'], 'a.txt')] })).sent;
    const file = (await conversation.messages()).at(-1)?.attachments[0];
    if (file) await conversation.download(file, { keep: true });
    await conversation.keepDraft({ text: 'to be forgotten, too' });
  }, bob.person.handle);
  const other = await alice.person.tab();
  await alice.tab.run((client) => client.signOut());
  for (const tab of [alice.tab, other]) await tab.until('it is signed out', ({ phase }) => phase === 'signed-out');
  const stored = await everything(alice.tab);
  assert.ok(stored.length < 200, `what is left: ${stored}`);
  assert.doesNotMatch(stored, /CryptoKey/);
  // The relay does not count it any more: the account may begin anew without starting over.
  await other.register(alice.person.account);

  await alice.person.close(/status of 401/);
  await bob.person.close();
});

test('a page for another relay does not use the device, and says what to do', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const page = await alice.person.context.newPage();
  await page.goto(site.base);
  const elsewhere = await page.evaluate(async (relay) => {
    const path = '/client/index.js';
    const { connect } = (await import(path)) as typeof import('@infrasound/client');
    window.client = await connect({ relay });
    const { phase, error } = window.client.status;
    const refused = await window.client.conversations().then(
      () => 'answered',
      (error: { code: string }) => error.code,
    );
    const another = await connect({ relay, store: 'another' });
    const { phase: inAnother } = another.status;
    await another.close();
    return { phase, code: error?.code, words: error?.message ?? '', refused, inAnother };
  }, environment.relay);
  const { words, ...rest } = elsewhere;
  assert.deepEqual(rest, { phase: 'failed', code: 'other-instance', refused: 'other-instance', inAnother: 'signed-out' });
  for (const part of [site.base, environment.relay, 'sign out', '`store`']) assert.ok(words.includes(part), words);
  assert.equal((await alice.tab.status()).phase, 'ready', 'the others go on');

  await page.evaluate(() => window.client.signOut());
  await alice.tab.until('it is signed out', ({ phase }) => phase === 'signed-out');
  await eventually('here too', () => page.evaluate(() => window.client.status.phase), (phase) => phase === 'signed-out');

  await alice.person.close(/status of 401/);
});
