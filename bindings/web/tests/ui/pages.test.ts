/** Every page of the app, light and dark, wide and narrow, from left and from right: nobody is kept out, nothing goes wrong. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Look } from './visitor.ts';
import { newAccount } from '../support/account.ts';
import { assertAccessible, violations } from './axe.ts';
import { openSite, Visitor } from './visitor.ts';

const SIDES = [
  '', 'archived', 'requests', 'new', 'new-group', 'join',
  'settings', 'appearance', 'notifications', 'privacy', 'devices', 'link-device', 'about',
];
const DIRECT = ['', 'info', 'safety'];
const GROUP = ['', 'info', 'add', 'edit', 'rules', 'links', 'asking'];

const looks: Record<string, Look> = {
  wide: {},
  'wide-dark': { dark: true },
  phone: { phone: true },
  'phone-dark-rtl': { phone: true, dark: true, locale: 'ar' },
};

for (const [name, look] of Object.entries(looks)) {
  test(`every page can be used by everybody: ${name}`, async () => {
    const site = await openSite();
    const visitor = await Visitor.signedIn(site, 'alice', look);
    const bob = await Visitor.signedIn(site, 'bob');
    const found: string[] = [];
    const lookAt = async (page: string) => {
      await visitor.page.evaluate((page) => (location.hash = `#/${page}`), page);
      await visitor.settled();
      found.push(...await violations(visitor.page, `/${page}`));
      await visitor.screenshot(`page-${name}-${page.replace(/c\/[\w-]+/, 'conversation').replace(/\//g, '-') || 'list'}`);
    };

    await lookAt('');
    const { direct, group } = await visitor.run(async (client, handle) => {
      await (await client.send(handle, 'Hello Bob, look at https://example.org/')).sent;
      const direct = await client.conversationWith(handle);
      const group = await client.createGroup({ name: 'Waterhole', description: 'At dusk', members: [handle] });
      await (await client.conversation(group).send('Welcome')).sent;
      await client.conversation(group).set({ join: 'open' });
      await client.conversation(group).makeLink({ days: 3 });
      return { direct, group };
    }, bob.handle);
    const pages = [
      ...SIDES, `to/@carol@social.example`, ...DIRECT.map((page) => `c/${direct}/${page}`), ...GROUP.map((page) => `c/${group}/${page}`),
    ];
    for (const page of pages) await lookAt(page.replace(/\/$/, ''));

    await bob.press(/^Requests/);
    await bob.openConversation(visitor.name);
    await assertAccessible(bob.page, 'a request');

    assert.equal(found.length, 0, found.join('\n'));
    await visitor.close();
    await bob.close();
  });
}

test('the way in can be used by everybody', async () => {
  const site = await openSite();
  const account = await newAccount('alice');
  const visitor = await Visitor.arrive(site, account);
  await assertAccessible(visitor.page, 'the greeting');
  await visitor.screenshot('welcome');
  const other = visitor.page.context().waitForEvent('page');
  await visitor.press('Sign in with your account');
  await (await other).close();
  await visitor.page.getByLabel('Code').waitFor();
  await assertAccessible(visitor.page, 'the code');
  await visitor.screenshot('sign-in-code');
  await visitor.close();
});
