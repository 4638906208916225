/** Files go sealed, and come back as they were. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Person, type Tab } from '../support/browser.ts';
import { eventually, messagesWith } from '../support/messages.ts';
import { Site } from '../support/site.ts';

const NETWORK = /net::ERR_/;

/** Sends a file of so many bytes that can be told apart, and gives their digest. */
async function sendFile(tab: Tab, to: string, size: number): Promise<string> {
  return tab.run(
    async (client, { to, size }) => {
      const bytes = new Uint8Array(size);
      for (let at = 0; at < size; at += 4096) crypto.getRandomValues(bytes.subarray(at, Math.min(at + 4096, size)));
      const file = new File([bytes], 'picture.png', { type: 'image/png' });
      let last = 0;
      const { sent } = await client.send(to, 'look', {
        files: [{ file, name: 'picture.png', mediaType: 'image/png', width: 40, height: 30 }],
        onProgress: (done) => (last = done),
      });
      if (last !== size) throw new Error(`progress ended at ${last}`);
      await sent;
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
      return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
    },
    { to, size },
  );
}

interface Fetched {
  digest: string;
  type: string;
  seen: number[];
}

/** Downloads the file of the last message with somebody. */
async function fetchFile(tab: Tab, who: string): Promise<Fetched> {
  return tab.run(async (client, who) => {
    const id = (await client.conversationWith(who)) ?? '';
    const conversation = client.conversation(id);
    const file = (await conversation.messages()).at(-1)?.attachments[0];
    if (!file) throw new Error('there is no file');
    const seen: number[] = [];
    const blob = await conversation.download(file, { onProgress: (done) => seen.push(done) });
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
    return { digest: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''), type: blob.type, seen };
  }, who);
}

/** How many pieces of sealed files wait to be sent. */
function spooled(tab: Tab): Promise<number> {
  return tab.run(async () => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open('infrasound/infrasound');
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const count = database.transaction('blobs').objectStore('blobs').count();
    await new Promise((resolve) => (count.onsuccess = resolve));
    database.close();
    return count.result;
  });
}

test('a file of 20 MB goes up and down', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const bob = await Person.signedIn(site, 'bob');
  // From a tab that does not lead, to one that does not either.
  const [from, to] = [await alice.person.tab(), await bob.person.tab()];
  const digest = await sendFile(from, bob.person.handle, 20 * 1024 * 1024 + 17);
  await eventually('it arrives', () => messagesWith(to, alice.person.handle), (messages) => messages.length === 1);
  const fetched = await fetchFile(to, alice.person.handle);
  assert.deepEqual([fetched.digest, fetched.type], [digest, 'image/png']);

  await alice.person.close();
  await bob.person.close();
});

test('two tabs fetch the same file at once', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const bob = await Person.signedIn(site, 'bob');
  const second = await bob.person.tab();
  const digest = await sendFile(alice.tab, bob.person.handle, 3 * 1024 * 1024);
  await eventually('it arrives', () => messagesWith(bob.tab, alice.person.handle), (messages) => messages.length === 1);
  const both = await Promise.all([bob.tab, second].map((tab) => fetchFile(tab, alice.person.handle)));
  assert.deepEqual(both.map((fetched) => fetched.digest), [digest, digest]);

  await alice.person.close();
  await bob.person.close();
});

test('a download goes on where it was interrupted', async () => {
  const [here, there] = await Promise.all([Site.open(), Site.open()]);
  const alice = await Person.signedIn(here, 'alice');
  const bob = await Person.signedIn(there, 'bob');
  const digest = await sendFile(alice.tab, bob.person.handle, 3 * 1024 * 1024);
  await eventually('it arrives', () => messagesWith(bob.tab, alice.person.handle), (messages) => messages.length === 1);

  let slices = 0;
  let isBroken = true;
  there.meddle = ({ method, url = '' }, response) => {
    const isSlice = method === 'GET' && url.includes('/blobs/');
    if (!isSlice || !isBroken || ++slices <= 3) return 'pass';
    response.writeHead(404, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify({ type: 'urn:infrasound:problem:not-found', title: 'gone', status: 404, detail: 'gone' }));
    return 'done';
  };
  await assert.rejects(fetchFile(bob.tab, alice.person.handle));
  await bob.tab.reload();
  isBroken = false;
  const fetched = await fetchFile(bob.tab, alice.person.handle);
  assert.equal(fetched.digest, digest);
  assert.ok((fetched.seen[0] ?? 0) > 1_000_000, `it goes on at ${fetched.seen[0]}`);

  await alice.person.close();
  await bob.person.close(/404/);
});

test('a file that the relay changed is refused', async () => {
  const [here, there] = await Promise.all([Site.open(), Site.open()]);
  const alice = await Person.signedIn(here, 'alice');
  const bob = await Person.signedIn(there, 'bob');
  const digest = await sendFile(alice.tab, bob.person.handle, 100_000);
  await eventually('it arrives', () => messagesWith(bob.tab, alice.person.handle), (messages) => messages.length === 1);
  let length = 0;
  there.meddle = ({ method, url = '', headers }, response) => {
    if (method !== 'GET' || !url.includes('/blobs/')) return 'pass';
    const [first = 0, last = 0] = (headers.range ?? '').replace('bytes=', '').split('-').map(Number);
    length = last - first + 1;
    response.writeHead(206, { 'content-type': 'application/octet-stream' });
    response.end(Buffer.alloc(length, 7));
    return 'done';
  };
  const code = await bob.tab.run(async (client, who) => {
    const conversation = client.conversation((await client.conversationWith(who)) ?? '');
    const file = (await conversation.messages()).at(-1)?.attachments[0];
    if (!file) return 'no file';
    return conversation.download(file).then(
      () => 'opened',
      (error: { code: string }) => error.code,
    );
  }, alice.person.handle);
  assert.deepEqual([code, length > 100_000], ['file-refused', true]);
  there.meddle = undefined;
  assert.equal((await fetchFile(bob.tab, alice.person.handle)).digest, digest, 'it is fetched anew');

  await alice.person.close();
  await bob.person.close(NETWORK);
});

test('a file that is given up while it is sealed leaves nothing', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const second = await alice.person.tab();
  const bob = await Person.signedIn(site, 'bob');
  const code = await second.run(async (client, to) => {
    const given = new AbortController();
    const file = new File([new Uint8Array(30_000_000)], 'large');
    const sending = client.send(to, '', { files: [file], signal: given.signal, onProgress: () => given.abort() });
    return sending.then(
      () => 'sent',
      (error: { code: string }) => error.code,
    );
  }, bob.person.handle);
  assert.equal(code, 'aborted');
  assert.equal(await spooled(second), 0, 'nothing of it stays');

  await alice.person.close();
  await bob.person.close();
});

test('what was sealed for a message that is refused goes at once', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const bob = await Person.signedIn(site, 'bob');
  const code = await alice.tab.run(async (client, to) => {
    const file = new File([new Uint8Array(1_000_000)], 'for nothing');
    return client.send(to, 'x'.repeat(1_000_000), { files: [file] }).then(
      () => 'sent',
      (error: { code: string }) => error.code,
    );
  }, bob.person.handle);
  assert.deepEqual([code, await spooled(alice.tab)], ['too-long', 0]);

  await alice.person.close();
  await bob.person.close();
});

test('a file that is kept is opened without the relay, and what was opened long ago makes room for it', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const bob = await Person.signedIn(site, 'bob');
  await sendFile(alice.tab, bob.person.handle, 200_000);
  await eventually('it arrives', () => messagesWith(bob.tab, alice.person.handle), (messages) => messages.length === 1);
  /** The sizes of what is had: kept before anything is fetched, fetched, and kept then. */
  const sizes = await bob.tab.run(async (client, who) => {
    const stored = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open('infrasound/infrasound');
      request.onsuccess = () => resolve(request.result);
    });
    const [meta, parts] = ['meta', 'parts'].map((name) => () => stored.transaction(name, 'readwrite').objectStore(name));
    const done = <T>(request: IDBRequest<T>) => new Promise<T>((resolve) => (request.onsuccess = () => resolve(request.result)));
    await done(meta!().put([{ blob: 'older', size: 128 * 1024 * 1024 - 300_000 }, { blob: 'newer', size: 100_000 }], 'kept'));
    for (const blob of ['older', 'newer']) await done(parts!().put({ at: Date.now(), bytes: new Uint8Array(1) }, [blob, 0]));

    const conversation = client.conversation((await client.conversationWith(who)) ?? '');
    const file = (await conversation.messages()).at(-1)?.attachments[0];
    if (!file) throw new Error('there is no file');
    const before = await conversation.kept(file);
    const fetched = await conversation.download(file, { keep: true });
    const after = await conversation.kept(file);
    const kept = (await done(meta!().get('kept') as IDBRequest<{ blob: string }[]>)).map(({ blob }) => blob);
    const there = new Set((await done(parts!().getAllKeys())).map((key) => (key as [string, number])[0]));
    stored.close();
    return { sizes: [before?.size, fetched.size, after?.size], kept: kept.map((blob) => (blob === file.blob ? 'it' : blob)), there: there.size, older: there.has('older') };
  }, alice.person.handle);
  assert.deepEqual(sizes, { sizes: [undefined, 200_000, 200_000], kept: ['newer', 'it'], there: 2, older: false });

  await alice.person.close();
  await bob.person.close();
});
