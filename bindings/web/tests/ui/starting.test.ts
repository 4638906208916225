/** The app's start: what takes longest is begun first, and what is not needed yet is done last. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { theBrowser } from '../support/browser.ts';
import { openSite, Visitor, type Messenger } from './visitor.ts';

test('the core is loaded while the user interface is', async () => {
  const site = await openSite();
  const context = await (await theBrowser()).newContext({ serviceWorkers: 'block' });
  const page = await context.newPage();
  const core = page.waitForRequest(/\.wasm$/);
  await page.route(/\/messenger-[^/]*\.js$/, async (route) => {
    await core;
    await route.continue();
  });
  await page.goto(`${site.base}/app/`);
  await page.getByRole('button', { name: 'Sign in with your account' }).waitFor();
  await context.close();
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
