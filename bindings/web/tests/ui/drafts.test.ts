/** What is being written is there after a reload, and is nowhere in clear. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { acquainted, openSite, type Visitor } from './visitor.ts';

const TEXT = 'Shall we meet at the baobab';

/** All that the browser has stored of this site, as text. */
function stored(visitor: Visitor): Promise<string> {
  return visitor.page.evaluate(async () => {
    const found: string[] = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })];
    const told = (value: unknown): string =>
      value instanceof ArrayBuffer || ArrayBuffer.isView(value)
        ? new TextDecoder('latin1').decode(value)
        : typeof value === 'object' && value !== null ? Object.entries(value).map(([key, each]) => `${key} ${told(each)}`).join(' ') : String(value);
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      for (const store of database.objectStoreNames) {
        const objects = database.transaction(store).objectStore(store);
        const [keys, values] = [objects.getAllKeys(), objects.getAll()];
        await new Promise((resolve) => (values.onsuccess = resolve));
        found.push(store, ...keys.result.map(told), ...values.result.map(told));
      }
      database.close();
    }
    return found.join('\n');
  });
}

test('a draft and what it answers outlive a reload; what was sent does not come back', async () => {
  const site = await openSite();
  const [alice, bob] = await acquainted(site);
  const area = alice.page.locator('infrasound-composer textarea');
  await alice.menuOf('Hello');
  await alice.choose('Reply');
  await area.fill(TEXT);
  let everything = '';
  for (let tries = 0; !/^drafts$/m.test(everything); tries++) {
    assert.ok(tries < 100, 'it is kept');
    await new Promise((resolve) => setTimeout(resolve, 50));
    everything = await stored(alice);
  }
  assert.ok(!everything.includes('baobab'), 'it is kept sealed');

  await alice.page.reload();
  await alice.openConversation(bob.name);
  await alice.page.getByText('Reply to yourself').waitFor();
  assert.equal(await area.inputValue(), TEXT);
  await alice.screenshot('draft-kept');
  await area.press('Enter');
  const message = await bob.message(TEXT);
  await message.locator('.quote', { hasText: 'Hello' }).waitFor();
  await (await alice.message(TEXT)).getByRole('img', { name: 'Read' }).waitFor();

  await alice.page.reload();
  await alice.openConversation(bob.name);
  await alice.message(TEXT);
  await alice.settled();
  assert.equal(await area.inputValue(), '');

  await alice.close();
  await bob.close();
});
