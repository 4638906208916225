/** The messenger in a page of another origin, as its README says. */

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { newAccount } from '../support/account.ts';
import { Person } from '../support/browser.ts';
import { environment } from '../support/environment.ts';
import { Site } from '../support/site.ts';
import type { Messenger } from './visitor.ts';
import { openSite } from './visitor.ts';

test('two lines of HTML put the messenger into a page of another origin, in its colours', async () => {
  const home = await openSite();
  const readme = readFileSync(join(environment.web, 'app/README.md'), 'utf8');
  const example = (language: string) => new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(readme)?.[1] ?? '';
  const lines = example('html').trim().replace('https://relay.example/', `${home.base}/app/`);
  assert.equal(lines.split('\n').length, 2);
  const needed = /script-src (\S+) blob: 'wasm-unsafe-eval'`,\s*`connect-src \1`, `worker-src \1 blob:`, `img-src blob:`/;
  assert.match(readme, needed, 'the README says what the policy needs');

  const folder = join(environment.folder, 'front-end');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'own.css'), `infrasound-messenger { height: 600px; width: 900px } ${example('css')}`);
  writeFileSync(join(folder, 'index.html'), `<!doctype html><html lang="en"><head><title>A front end</title><link rel="icon" href="data:,">
    <link rel="stylesheet" href="own.css"></head><body><h1>A front end</h1>${lines}</body></html>`);
  const policy = `default-src 'none'; style-src 'self'; script-src ${home.base} blob: 'wasm-unsafe-eval'; connect-src ${home.base}; worker-src ${home.base} blob:; img-src blob: data:`;
  const site = await Site.open({ place: folder }, policy);
  const person = await Person.visit(site);
  const page = await person.context.newPage();
  await page.goto(`${site.base}/place/`);
  const { token } = await newAccount('alice');
  await page.waitForFunction(() => document.querySelector<Messenger>('infrasound-messenger')?.app?.client !== undefined);
  await page.evaluate(async (token) => {
    const client = document.querySelector<Messenger>('infrasound-messenger')!.app.connected;
    await client.register(await client.signInWithToken(token), { deviceName: 'front end' });
  }, token);
  await page.getByRole('heading', { name: 'It is quiet here' }).waitFor();
  const box = await page.locator('infrasound-messenger').boundingBox();
  assert.deepEqual([box?.width, box?.height], [900, 600]);
  const colour = await page.getByRole('button', { name: 'New message' }).last().evaluate((button) => getComputedStyle(button).backgroundColor);
  assert.equal(colour, 'rgb(91, 63, 140)', 'the accent is the page’s');
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  assert.equal(page.url(), `${site.base}/place/`, 'the address stays the page’s');
  assert.equal(await page.evaluate(() => history.length), 2);
  await page.screenshot({ path: join(environment.screens, 'embedded.png') });
  await person.close();
});

test('an error of a client that the page brought along is told in words', async () => {
  const site = await openSite();
  const person = await Person.visit(site);
  const page = await person.context.newPage();
  await page.goto(site.base);
  await page.evaluate(async () => {
    const [own, theirs] = ['/client/index.js', '/app/messenger.js'];
    const { InfrasoundError } = (await import(own)) as typeof import('@infrasound/client');
    await import(theirs);
    const messenger = document.createElement('infrasound-messenger') as Messenger;
    messenger.client = Promise.reject(new InfrasoundError('unsupported-browser', 'there are no locks'));
    document.body.append(messenger);
  });
  await page.getByRole('alert').filter({ hasText: 'This browser is too old' }).waitFor();
  await person.close();
});
