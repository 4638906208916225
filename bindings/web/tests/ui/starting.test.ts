/** The app's start: what takes longest is begun first, and what is not needed yet is done last. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { theBrowser } from '../support/browser.ts';
import { eventually } from '../support/messages.ts';
import { assertAccessible } from './axe.ts';
import { openSite, Visitor, type Messenger } from './visitor.ts';

/** What the page loads after the client. */
const REST = /\/messenger-[^/]*\.js$/;

test('the core is loaded while the user interface is', async () => {
  const site = await openSite();
  const context = await (await theBrowser()).newContext({ serviceWorkers: 'block' });
  const page = await context.newPage();
  const core = page.waitForRequest(/\.wasm$/);
  let held = 0;
  await page.route(REST, async (route) => {
    held += 1;
    await core;
    await route.continue();
  });
  await page.goto(`${site.base}/app/`);
  await page.getByRole('button', { name: 'Sign in with your account' }).waitFor();
  assert.ok(held > 0, 'the user interface waited for it');
  await context.close();
});

test('a user interface that cannot be loaded is said so, and leads no other tab', async () => {
  const site = await openSite();
  const context = await (await theBrowser()).newContext({ serviceWorkers: 'block' });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  let aborted = 0;
  await page.route(REST, async (route) => {
    aborted += 1;
    await route.abort();
  });
  await page.goto(`${site.base}/app/`);
  await page.getByRole('alert').filter({ hasText: 'The app could not be loaded' }).waitFor();
  assert.ok(aborted > 0, 'it could not be loaded');
  await assertAccessible(page, 'what is said instead');
  const leaders = () => page.evaluate(async () => (await navigator.locks.query()).held!.length);
  await eventually('it leads no more', leaders, (count) => count === 0);
  assert.deepEqual(errors, []);

  await page.unroute(REST);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('button', { name: 'Sign in with your account' }).waitFor();
  await context.close();
});

test('a notification that is clicked while the app is starting leads where it should', async () => {
  const site = await openSite();
  const alice = await Visitor.signedIn(site, 'alice', { installed: false });
  const { page } = alice;
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  let hits = 0;
  await page.route(REST, async (route) => {
    hits += 1;
    await held;
    await route.continue();
  });
  // The client is begun by what listens.
  const core = page.waitForRequest(/\.wasm$/);
  await page.reload({ waitUntil: 'commit' });
  await core;
  await page.evaluate(() => {
    const data = { type: 'infrasound-open', place: '/settings' };
    navigator.serviceWorker.dispatchEvent(new MessageEvent('message', { data }));
  });
  assert.ok(hits > 0, 'the rest is not there yet');
  assert.equal(await page.locator('infrasound-messenger').count(), 0);
  release();
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  await page.waitForURL(/#\/settings$/);
  await alice.close();
});

test('what is kept for offline is fetched once the list is there', async () => {
  const site = await openSite();
  const alice = await Visitor.signedIn(site, 'alice');
  await alice.page.addInitScript(() => {
    const { register } = ServiceWorkerContainer.prototype;
    ServiceWorkerContainer.prototype.register = function (...given) {
      const messenger = document.querySelector<Messenger>('infrasound-messenger');
      document.documentElement.dataset['listedFirst'] = String(messenger?.app.listed);
      return register.apply(this, given);
    };
  });
  await alice.page.reload();
  await alice.page.waitForFunction(() => document.documentElement.dataset['listedFirst'] !== undefined);
  assert.equal(await alice.page.evaluate(() => document.documentElement.dataset['listedFirst']), 'true');
  await alice.close();
});

test('what is kept for offline is fetched by a page that nobody sees, too', async () => {
  const site = await openSite();
  const alice = await Visitor.signedIn(site, 'alice');
  await alice.page.addInitScript(() => {
    Object.defineProperty(document, 'hidden', { get: () => true });
    window.requestAnimationFrame = () => 0;
    const { register } = ServiceWorkerContainer.prototype;
    ServiceWorkerContainer.prototype.register = function (...given) {
      document.documentElement.dataset['registered'] = 'true';
      return register.apply(this, given);
    };
  });
  await alice.page.reload();
  await alice.page.waitForFunction(() => document.documentElement.dataset['registered'] !== undefined, undefined, { polling: 50, timeout: 10_000 });
  await alice.close();
});
