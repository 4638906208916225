/** Who has closed the app is woken, if they want it: by what, when not, and what the browser shows then. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { environment } from '../support/environment.ts';
import { eventually } from '../support/messages.ts';
import { PushService, type PushedDevice } from '../support/push_service.ts';
import { assertAccessible } from './axe.ts';
import { allowNotifications, answered, deliveries, tellWhenClosed } from './pushed.ts';
import { acquainted, openSite, Visitor, type Messenger } from './visitor.ts';

const HOUR = 3_600_000;

test('who has closed the app is told that there may be something, in their language, until they look', async () => {
  const site = await openSite();
  const [alice, bob] = await acquainted(site);
  const device = (await PushService.open()).device();
  await allowNotifications(alice, device);
  await alice.page.getByRole('switch', { name: /^Quiet hours/ }).click();
  await alice.page.getByLabel('From', { exact: true }).waitFor();
  await alice.page.getByRole('switch', { name: /^Also when Infrasound is closed/ }).waitFor();
  await assertAccessible(alice.page, 'notifications with quiet hours');
  await alice.screenshot('settings-notifications');
  await alice.page.getByRole('switch', { name: /^Quiet hours/ }).click();
  await tellWhenClosed(alice);
  await alice.page.evaluate(() => (location.hash = '#/appearance'));
  await alice.page.getByLabel('Language').selectOption('Deutsch');
  const words = () => alice.page.evaluate(async () => (await caches.match('infrasound-wake', { cacheName: 'infrasound-wake' }))?.text());
  await eventually('the worker has the words', words, (text) => text?.includes('"de"') ?? false);

  const { context } = alice.person;
  const elsewhere = await context.newPage();
  await elsewhere.goto(site.base);
  const deliver = await deliveries(elsewhere, `${site.base}/app/`);
  const notices = () => elsewhere.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration('/app/');
    const all = await registration!.getNotifications();
    return all.map(({ title, body, lang, tag, data }) => ({ title, body, lang, tag, data: data as unknown }));
  });
  await alice.page.bringToFront();
  await deliver();

  await alice.page.close();
  await bob.write('Are you there?');
  const [pushed] = await eventually('it is pushed', async () => device.pushed, (all) => all.length > 0);
  const { push: key } = (await (await fetch(`${environment.relay}/v1/relay`)).json()) as { push: string };
  assert.deepEqual(await device.open(pushed!, key), { type: 'wake' });
  assert.deepEqual(await notices(), [], 'nothing was shown to somebody who had the app before them');
  await deliver();
  const shown = await eventually('a notice', notices, (all) => all.length > 0);
  const german = { title: 'Vielleicht hast du neue Nachrichten', body: 'Öffne Infrasound, um sie zu sehen.', lang: 'de' };
  assert.deepEqual(shown, [{ ...german, tag: 'infrasound-wake', data: '/' }]);

  const page = await context.newPage();
  await page.goto(`${site.base}/app/`);
  await page.locator('infrasound-list .row', { hasText: 'Are you there?' }).waitFor();
  await eventually('the notice is taken back', notices, (all) => all.length === 0);
  assert.equal(device.pushed.length, 1);

  const subscribed = () => page.evaluate(async () => await (await navigator.serviceWorker.ready).pushManager.getSubscription() !== null);
  assert.ok(await subscribed());
  await page.evaluate(() => document.querySelector<Messenger>('infrasound-messenger')!.app.connected.signOut());
  await eventually('who signs out is unsubscribed', subscribed, (is) => !is);
  await alice.close();
  await bob.close();
});

test('nobody is woken who has the app open, has muted the conversation, rests, or has turned it off', async () => {
  const service = await PushService.open();
  const bob = await Visitor.signedIn(await openSite(), 'bob');
  const names = ['open', 'muting', 'resting', 'off', 'closed'] as const;
  const arrived = await Promise.all(names.map(async (name) => {
    const visitor = await Visitor.signedIn(await openSite(), name);
    await visitor.run(async (client, who) => (await client.send(who, 'Hello')).sent, bob.handle);
    await bob.run((client, who) => client.setContact(who, 'accepted'), visitor.handle);
    const known = () => bob.run((client, who) => client.conversationWith(who), visitor.handle);
    await eventually('he knows them', known, (id) => id !== undefined);
    const device = service.device();
    await allowNotifications(visitor, device);
    return [name, { visitor, device }] as const;
  }));
  const people = Object.fromEntries(arrived) as Record<(typeof names)[number], { visitor: Visitor; device: PushedDevice }>;
  const { open, muting, resting, off, closed } = people;

  const { page } = resting.visitor;
  await page.getByRole('switch', { name: /^Quiet hours/ }).click();
  const clock = (hours: number) => new Date(Date.now() + hours * HOUR).toTimeString().slice(0, 5);
  await page.getByLabel('From', { exact: true }).fill(clock(-2));
  await page.getByLabel('Until', { exact: true }).fill(clock(2));
  for (const { visitor } of Object.values(people)) await tellWhenClosed(visitor);
  const muted = answered(muting.visitor.person.site, 'PUT');
  await muting.visitor.run(async (client, who) => client.conversation((await client.conversationWith(who))!).mute(true), bob.handle);
  await muted;
  await tellWhenClosed(off.visitor, false);

  for (const { visitor } of [muting, resting, off, closed]) await visitor.page.close();
  for (const { visitor } of [open, muting, resting, off, closed]) {
    await bob.run(async (client, who) => (await client.send(who, 'Are you there?')).sent, visitor.handle);
  }
  // He wrote to them last.
  await eventually('who has closed it is woken', async () => closed.device.pushed.length, (count) => count > 0);
  const woken = names.filter((name) => people[name].device.pushed.length > 0);
  assert.deepEqual(woken, ['closed']);
  await open.visitor.page.evaluate(() => (location.hash = '#/'));
  await open.visitor.page.locator('infrasound-list .row', { hasText: 'Are you there?' }).waitFor();

  for (const { visitor } of Object.values(people)) await visitor.close();
  await bob.close();
});
