/** A core that panics is replaced, with its worker, and what was asked of it is done all the same. */

import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { environment } from '../support/environment.ts';
import { Person, type Tab } from '../support/browser.ts';
import { says, send } from '../support/messages.ts';
import { Site } from '../support/site.ts';

/** Goes before the worker's script: the core traps, as a panic makes it, so often as it is told to. */
const TRAP = `
let traps = 0;
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

/** A site whose client can be made to panic. */
async function fragile(): Promise<Site> {
  const folder = join(environment.folder, 'fragile');
  cpSync(environment.client, folder, { recursive: true });
  const worker = join(folder, 'worker.js');
  const script = readFileSync(worker, 'utf8');
  if (!script.startsWith(TRAP)) writeFileSync(worker, TRAP + script);
  return Site.open({ client: folder });
}

function trap(tab: Tab, times: number): Promise<void> {
  return tab.run((_, times) => {
    const channel = new BroadcastChannel('trap');
    channel.postMessage(times);
    channel.close();
  }, times);
}

test('a message is sent although the core panics at it', async () => {
  const alice = await Person.signedIn(await fragile(), 'alice');
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
  const alice = await Person.signedIn(await fragile(), 'alice');
  const second = await alice.person.tab();
  const refusing = alice.tab.run((client) => {
    const always = setInterval(() => {
      const channel = new BroadcastChannel('trap');
      channel.postMessage(1000);
      channel.close();
    }, 1);
    return client.devices().then(
      () => 'answered',
      (error: { code: string; message: string }) => {
        clearInterval(always);
        const channel = new BroadcastChannel('trap');
        channel.postMessage(0);
        return error.code;
      },
    );
  });
  assert.equal(await refusing, 'internal');
  await second.until('it is well again', ({ phase, caughtUp }) => phase === 'ready' && caughtUp, 60_000);

  await alice.person.close();
});
