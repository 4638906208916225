/** What is being written is there after a reload, and is nowhere in clear. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { eventually } from '../support/messages.ts';
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

/** The same, once a draft is kept. */
function kept(visitor: Visitor): Promise<string> {
  return eventually('it is kept', () => stored(visitor), (everything) => /^drafts$/m.test(everything));
}

test('a draft and what it answers outlive a reload; what was sent does not come back', async () => {
  const site = await openSite();
  const [alice, bob] = await acquainted(site);
  const area = alice.page.locator('infrasound-composer textarea');
  await alice.menuOf('Hello');
  await alice.choose('Reply');
  await area.fill(TEXT);
  const everything = await kept(alice);
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

test('what a message is made of is there after a reload, if its files were still being encrypted', async () => {
  const site = await openSite();
  const [alice, bob] = await acquainted(site);
  const area = alice.page.locator('infrasound-composer textarea');
  await area.fill(TEXT);
  await kept(alice);
  await alice.page.locator('infrasound-composer').evaluate((composer) => {
    const file = new File([new Uint8Array(90_000_000)], 'baobab.bin');
    (composer as HTMLElement & { add(files: File[]): void }).add([file]);
  });
  await area.press('Enter');
  await alice.page.locator('progress').first().waitFor();
  assert.equal(await area.inputValue(), '');
  await alice.page.reload();
  await alice.openConversation(bob.name);
  await alice.page.waitForFunction((text) => {
    const find = (root: ParentNode): HTMLTextAreaElement | undefined => {
      for (const each of root.querySelectorAll('*')) {
        if (each instanceof HTMLTextAreaElement) return each;
        const inside = each.shadowRoot && find(each.shadowRoot);
        if (inside) return inside;
      }
      return undefined;
    };
    return find(document)?.value === text;
  }, TEXT);
  await area.press('Enter');
  await bob.message(TEXT);

  await alice.close();
  await bob.close();
});
