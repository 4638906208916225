/** A core that panics is replaced, with its worker, and what was asked of it is done all the same. */

import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { environment } from '../support/environment.ts';
import { Person, type Tab } from '../support/browser.ts';
import { says, send } from '../support/messages.ts';
import { Site } from '../support/site.ts';

/**
 * Goes before the worker's script: the core traps, as a panic makes it, so often as it is told to. A worker asks for that
 * before it does anything else: one that is told later could have answered by then.
 */
const TRAP = `
const asked = new XMLHttpRequest();
asked.open('GET', '/v1/traps', false);
asked.send();
let traps = Number(asked.responseText);
new BroadcastChannel('trap').onmessage = ({ data }) => (traps = data);
const instantiate = WebAssembly.instantiateStreaming;
WebAssembly.instantiateStreaming = async (...given) => {
  const { instance, module } = await instantiate(...given);
  const handle = (...input) => {
    if (traps > 0 && traps-- > 0) throw new WebAssembly.RuntimeError('unreachable');
    return instance.exports.core_handle(...input);
  };
  return { module, instance: { exports: { ...instance.exports, core_handle: handle } } };
};
`;

/** A site whose client can be made to panic: each new worker's core so often as `traps` says. */
async function fragile(traps: { now: number }): Promise<Site> {
  const folder = join(environment.folder, 'fragile');
  cpSync(environment.client, folder, { recursive: true });
  const worker = join(folder, 'worker.js');
  const script = readFileSync(worker, 'utf8');
  if (!script.startsWith(TRAP)) writeFileSync(worker, TRAP + script);
  const site = await Site.open({ client: folder });
  site.meddle = ({ url }, response) => {
    if (url !== '/v1/traps') return 'pass';
    response.end(String(traps.now));
    return 'done';
  };
  return site;
}

function trap(tab: Tab, times: number): Promise<void> {
  return tab.run((_, times) => {
    const channel = new BroadcastChannel('trap');
    channel.postMessage(times);
    channel.close();
  }, times);
}

test('a message is sent although the core panics at it', async () => {
  const alice = await Person.signedIn(await fragile({ now: 0 }), 'alice');
  const bob = await Person.signedIn(await Site.open(), 'bob');
  await send(alice.tab, bob.person.handle, 'before');
  await trap(alice.tab, 1);
  await send(alice.tab, bob.person.handle, 'at a panic');
  await says(bob.tab, alice.person.handle, ['before', 'at a panic']);
  await alice.tab.caughtUp();

  await alice.person.close();
  await bob.person.close();
});

test('what makes every core panic is refused, and the rest goes on', async () => {
  const traps = { now: 0 };
  const alice = await Person.signedIn(await fragile(traps), 'alice');
  const second = await alice.person.tab();
  // Each worker that comes panics at whatever its core is given, until the call is given up.
  traps.now = 1000;
  await trap(alice.tab, 1000);
  const code = await alice.tab.run((client) =>
    client.devices().then(
      () => 'answered',
      (error: { code: string }) => error.code,
    ),
  );
  assert.equal(code, 'internal');
  traps.now = 0;
  await trap(alice.tab, 0);
  await second.until('it is well again', ({ phase, caughtUp }) => phase === 'ready' && caughtUp, 60_000);

  await alice.person.close();
});
