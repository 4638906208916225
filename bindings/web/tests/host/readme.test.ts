/** The examples of the package's README, run as they stand there, on a page as it stands there. */

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { newAccount } from '../support/account.ts';
import { environment, host } from '../support/environment.ts';
import { Person } from '../support/browser.ts';
import { eventually, says, send } from '../support/messages.ts';
import { PushService } from '../support/push_service.ts';
import { Site } from '../support/site.ts';

const readme = readFileSync(join(environment.web, 'client/README.md'), 'utf8');

/** The code of a language in a part of the README. */
function blocks(language: string, text: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, code = '']) => code);
}

test('the examples of the README do what they say', async () => {
  const folder = join(environment.folder, 'readme');
  mkdirSync(folder, { recursive: true });
  const site = await Site.open({ readme: folder });
  const bob = await Person.signedIn(site, 'bob');
  const alice = await Person.visit(site);
  const account = await newAccount('alice');

  const [examples = '', places = ''] = readme.split('## Where it runs');
  const code = blocks('js', examples)
    .join('\n')
    .replaceAll("'@infrasound/client'", "'/client/index.js'")
    .replace('https://relay.example', site.base);
  const { subscription } = (await PushService.open()).device();
  const given = { token: account.token, bob: bob.person.handle, stranger: `@nobody@${host}`, subscription };
  const prelude = Object.entries(given).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};`);
  writeFileSync(
    join(folder, 'main.js'),
    `${prelude.join('\n')}
const bytes = new Uint8Array(70_000).fill(7);
const calls = (window.calls = []);
const ui = new Proxy({}, { get: (_, name) => (...given) => void calls.push([name, ...given]) });
const registration = { pushManager: { subscribe: async (options) => (calls.push(['subscribe', options]), subscription) } };
${code}
window.ended = { phase: client.status.phase, messages, members, link, same: blob.size === bytes.length };
`,
  );
  const [html] = blocks('html', places);
  assert.ok(html, 'there is a plain page');
  writeFileSync(join(folder, 'page.html'), `<!doctype html><link rel="icon" href="data:,">${html}`);

  const page = await alice.context.newPage();
  await page.goto(`${site.base}/readme/page.html`);
  await says(bob.tab, account.handle, ['Hello Bob']).catch((error: unknown) => {
    // What the page says of it is more to the point.
    assert.deepEqual(alice.errors, []);
    throw error;
  });
  await bob.tab.run((client, who) => client.setContact(who, 'accepted'), account.handle);
  await send(bob.tab, account.handle, 'Hello Alice');
  const ended = await eventually(
    `the examples come to their end (${alice.errors.join()})`,
    () => page.evaluate(() => (window as unknown as { ended?: Record<string, unknown[]> }).ended),
    (ended) => ended !== undefined || alice.errors.length > 0,
    40_000,
  );
  const calls = await page.evaluate(() => (window as unknown as { calls: unknown[][] }).calls);
  assert.deepEqual(alice.errors.filter((error) => !/status of 404/.test(error)), []);
  assert.deepEqual([ended?.['phase'], ended?.['messages']?.length, ended?.['members']?.length, ended?.['same']], ['ready', 2, 2, true]);
  const named = calls.map(([name]) => name);
  for (const name of ['open', 'sayThatItEnds', 'show', 'list', 'progress', 'subscribe', 'ask']) {
    assert.ok(named.includes(name), `the user interface was told to ${name}: ${named.join()}`);
  }
  const [, subscribed] = calls.find(([name]) => name === 'subscribe') ?? [];
  assert.match((subscribed as PushSubscriptionOptionsInit).applicationServerKey as string, /^[\w-]{87}$/);
  assert.deepEqual(calls.find(([name]) => name === 'show')?.slice(1, 2), [bob.person.handle]);
});

test('the README names every code', () => {
  const api = readFileSync(join(environment.web, 'client/src/api.ts'), 'utf8');
  const [, type = ''] = /export type ErrorCode =(.*?);/s.exec(api) ?? [];
  const codes = [...type.matchAll(/'([a-z-]+)'/g)].map(([, code = '']) => code);
  assert.ok(codes.length > 20);
  const [, table = ''] = readme.split('## Errors');
  for (const code of codes) assert.ok(table.includes(`\`${code}\``), `${code} is explained`);
});
