/** Another tab of the device takes over: what somebody does in it goes on. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openSite, Visitor } from './visitor.ts';
import type { Messenger } from './visitor.ts';

const TEXT = 'Half a sentence';

test('when the leading tab is closed, what is being written in another stays where it is', async () => {
  const site = await openSite();
  const alice = await Visitor.signedIn(site, 'alice', { installed: false });
  const bob = await Visitor.signedIn(site, 'bob');
  await alice.writeTo(bob.handle, 'Hello');
  await bob.press(/^Requests/);
  await bob.openConversation(alice.name);
  await bob.press('Accept');

  const second = await alice.page.context().newPage();
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  let cores = 0;
  await second.route(/\.wasm$/, async (route) => {
    cores += 1;
    await held;
    await route.continue();
  });
  await second.goto(`${site.base}/app/`);
  await second.locator('infrasound-list button.row').filter({ hasText: bob.name }).click();
  const area = second.locator('infrasound-composer textarea');
  await area.fill(TEXT);
  const composer = (await second.locator('infrasound-composer').elementHandle())!;
  const writing = () =>
    composer.evaluate((composer) => {
      const { activeElement } = composer.shadowRoot!;
      return composer.isConnected && composer.checkVisibility() && activeElement instanceof HTMLTextAreaElement && activeElement.value;
    });
  assert.equal(await writing(), TEXT);

  // A leader of an earlier version says that it starts before it has loaded the core.
  await alice.page.evaluate(async () => {
    const channel = (name: string) => new BroadcastChannel(`infrasound/infrasound/${name}`);
    const [leader, here, all] = [channel('leader'), channel('tab/other'), channel('all')];
    const term = await new Promise((resolve) => {
      here.onmessage = ({ data }: MessageEvent<{ term: number }>) => resolve(data.term);
      leader.postMessage({ type: 'hello', tab: 'other' });
    });
    const status = { phase: 'starting', online: true, caughtUp: false };
    all.postMessage({ type: 'notice', term, seq: 0, notice: { type: 'status', status } });
    for (const each of [leader, here, all]) each.close();
  });
  const connecting = second.getByRole('status').filter({ hasText: 'Connecting…' });
  await connecting.waitFor();
  assert.equal(await writing(), TEXT);

  assert.equal(cores, 0, 'it did not lead');
  const core = second.waitForRequest(/\.wasm$/);
  await alice.page.close();
  await core;
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(await writing(), TEXT);
  release();
  await connecting.waitFor({ state: 'detached' });
  await second.waitForFunction(() => document.querySelector<Messenger>('infrasound-messenger')!.app.status.caughtUp);
  assert.equal(cores, 1, 'it leads');
  assert.equal(await writing(), TEXT);

  await second.keyboard.type(', and the other half');
  await second.keyboard.press('Enter');
  await bob.message(`${TEXT}, and the other half`);

  await alice.close();
  await bob.close();
});

test('a new leader is heard of when it has loaded the core, and a form that is half filled in stays so', async () => {
  const site = await openSite();
  const alice = await Visitor.signedIn(site, 'alice', { installed: false });
  const second = await alice.page.context().newPage();
  await second.goto(`${site.base}/app/#/new-group`);
  const name = second.getByLabel('Name of the group');
  await name.fill('Waterhole');
  const phases = await second.evaluateHandle(() => {
    const seen: string[] = [];
    void (async () => {
      const { connected } = document.querySelector<Messenger>('infrasound-messenger')!.app;
      for await (const { phase } of connected.watchStatus()) seen.push(phase);
    })();
    return seen;
  });
  const core = second.waitForRequest(/\.wasm$/);
  await alice.page.close();
  await core;
  await second.waitForFunction((phases) => phases.length > 2, phases);
  await second.waitForFunction(() => document.querySelector<Messenger>('infrasound-messenger')!.app.status.caughtUp);
  assert.deepEqual([...new Set(await phases.jsonValue())], ['ready'], 'it is told when the core is there');
  assert.equal(await name.inputValue(), 'Waterhole');
  await alice.close();
});
