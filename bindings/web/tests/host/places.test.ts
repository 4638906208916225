/** Where the package runs: in a worker, in what Vite builds, and on a page of another origin. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { build } from 'vite';

import { newAccount } from '../support/account.ts';
import { afterwards } from '../support/afterwards.ts';
import { environment } from '../support/environment.ts';
import { Person } from '../support/browser.ts';
import { eventually } from '../support/messages.ts';
import { Site } from '../support/site.ts';

const PAGE = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="main.js"></script>';

/** Signs in and says how that went. */
const register = (token: string): string => `
const ticket = await client.signInWithToken(${JSON.stringify(token)});
await client.register(ticket, { deviceName: 'here' });
`;

test('it runs in a worker', async () => {
  const folder = join(environment.folder, 'in-a-worker');
  mkdirSync(folder, { recursive: true });
  const site = await Site.open({ place: folder });
  const { token } = await newAccount('alice');
  writeFileSync(join(folder, 'page.html'), PAGE);
  writeFileSync(
    join(folder, 'main.js'),
    `new Worker('worker.js', { type: 'module' }).onmessage = ({ data }) => (window.phase = data);`,
  );
  writeFileSync(
    join(folder, 'worker.js'),
    `import { connect } from '/client/index.js';\nconst client = await connect();\n${register(token)}postMessage(client.status.phase);`,
  );
  await becomesReady(site, `${site.base}/place/page.html`);
});

test('it runs in what Vite builds, with the settings of the README', async () => {
  // Where the package is found as it is in anybody's project.
  const project = mkdtempSync(join(environment.web, 'node_modules', '.vite-project-'));
  afterwards(async () => rmSync(project, { recursive: true, force: true }));
  const readme = readFileSync(join(environment.web, 'client/README.md'), 'utf8');
  const [, settings] = /^```js\n(\/\/ vite\.config\.js.*?)^```/ms.exec(readme) ?? [];
  assert.ok(settings, 'the README has settings for Vite');
  const { token } = await newAccount('alice');
  writeFileSync(join(project, 'vite.config.js'), settings);
  writeFileSync(join(project, 'index.html'), PAGE);
  writeFileSync(
    join(project, 'main.js'),
    `import { connect } from '@infrasound/client';\nconst client = await connect();\n${register(token)}window.phase = client.status.phase;`,
  );
  await build({ root: project, base: './', logLevel: 'error', build: { target: 'es2022' } });
  const site = await Site.open({ built: join(project, 'dist') });
  await becomesReady(site, `${site.base}/built/index.html`);
});

test('a page of another origin brings the worker from where the package is', async () => {
  const folder = join(environment.folder, 'elsewhere');
  mkdirSync(folder, { recursive: true });
  const home = await Site.open();
  const { token } = await newAccount('alice');
  writeFileSync(join(folder, 'page.html'), PAGE);
  writeFileSync(
    join(folder, 'main.js'),
    `import { connect } from '${home.base}/client/index.js';
const client = await connect({ relay: '${environment.relay}', workerUrl: '${home.base}/client/worker.js' });
${register(token)}window.phase = client.status.phase;`,
  );
  // What the README says, and the page's own script.
  const policy = `default-src 'none'; script-src 'self' ${home.base} 'wasm-unsafe-eval'; connect-src ${home.base} ${environment.relay}; worker-src blob: ${home.base}; img-src data:`;
  const site = await Site.open({ place: folder }, policy);
  await becomesReady(site, `${site.base}/place/page.html`);
});

async function becomesReady(site: Site, address: string): Promise<void> {
  const alice = await Person.visit(site);
  const page = await alice.context.newPage();
  await page.goto(address);
  const phase = await eventually(
    'it is ready',
    () => page.evaluate(() => (window as unknown as { phase?: string }).phase),
    (phase) => phase !== undefined || alice.errors.length > 0,
  );
  assert.deepEqual([alice.errors, phase], [[], 'ready']);
}
