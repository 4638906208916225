/** A second device is linked, by the text of the QR code or by the code and a number. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { LinkState } from '@infrasound/client';

import { tokenOf } from '../support/account.ts';
import { Person, type Tab } from '../support/browser.ts';
import { eventually, says, send } from '../support/messages.ts';
import { Site } from '../support/site.ts';

/** Begins a link in a new browser of the account, and keeps its states in the page. */
async function begin(site: Site, name: string): Promise<{ person: Person; tab: Tab }> {
  const person = await Person.visit(site);
  const tab = await person.tab();
  await tab.run(
    async (client, token) => {
      const ticket = await client.signInWithToken(token);
      if (ticket.devices.length !== 1) throw new Error(`there are ${ticket.devices.length} devices`);
      const link = await client.link(ticket, { deviceName: 'second browser' });
      const states: unknown[] = [];
      window.kept['states'] = states;
      window.kept['link'] = link;
      void (async () => {
        for await (const state of link.watch()) states.push(state);
      })();
    },
    await tokenOf(name),
  );
  return { person, tab };
}

function states(tab: Tab): Promise<LinkState[]> {
  return tab.run(() => window.kept['states'] as LinkState[]);
}

async function reaches<Step extends LinkState['step']>(tab: Tab, step: Step): Promise<Extract<LinkState, { step: Step }>> {
  const seen = await eventually(
    `the link is ${step}`,
    () => states(tab),
    (all) => all.some((state) => state.step === step || state.step === 'failed'),
  );
  const state = seen.find((state) => state.step === step);
  assert.ok(state, `the link went ${JSON.stringify(seen)}`);
  return state as Extract<LinkState, { step: Step }>;
}

/** Takes what the new device shows, on the old one. */
async function take(tab: Tab, shown: string): Promise<void> {
  await tab.run(async (client, shown) => {
    const link = await client.linkDevice(shown);
    const states: unknown[] = [];
    window.kept['states'] = states;
    window.kept['link'] = link;
    void (async () => {
      for await (const state of link.watch()) states.push(state);
    })();
  }, shown);
}

function confirm(tab: Tab): Promise<void> {
  return tab.run(() => (window.kept['link'] as { confirm(): Promise<void> }).confirm());
}

test('a second browser is linked by the text of its QR code, and has the history', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const bob = await Person.signedIn(site, 'bob');
  await send(alice.tab, bob.person.handle, 'before the link');
  await says(bob.tab, alice.person.handle, ['before the link']);

  const second = await begin(site, alice.person.account.name);
  const { uri } = await reaches(second.tab, 'opened');
  await take(alice.tab, uri);
  assert.equal((await reaches(alice.tab, 'compare')).mode, 'uri');
  await confirm(alice.tab);
  await reaches(second.tab, 'done');
  await reaches(alice.tab, 'done');
  await second.tab.caughtUp();
  await says(second.tab, bob.person.handle, ['before the link']);

  await send(bob.tab, alice.person.handle, 'to both');
  for (const tab of [alice.tab, second.tab]) await says(tab, bob.person.handle, ['before the link', 'to both']);
  await eventually(
    'the second can write',
    () => send(second.tab, bob.person.handle, 'from the second').then(() => true),
    (sent) => sent,
  );
  await says(bob.tab, alice.person.handle, ['before the link', 'to both', 'from the second']);
  const devices = await alice.tab.run((client) => client.devices());
  assert.deepEqual(devices.map(({ name, current }) => [name, current]).sort(), [['browser', true], ['second browser', false]]);

  // Revoked, it says so.
  const other = devices.find(({ current }) => !current)?.id ?? '';
  await alice.tab.run((client, id) => client.revokeDevice(id), other);
  await second.tab.until('it is revoked', ({ phase }) => phase === 'ended');

  await alice.person.close();
  await second.person.close(/status of 401/);
  await bob.person.close();
});

test('a second browser is linked by its code, when both show the same number', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const second = await begin(site, alice.person.account.name);
  const { code } = await reaches(second.tab, 'opened');
  await take(alice.tab, code);
  const [there, here] = await Promise.all([reaches(second.tab, 'compare'), reaches(alice.tab, 'compare')]);
  assert.deepEqual([there.number, there.mode], [here.number, 'number']);
  assert.match(here.number, /^\d{3}.?\d{3}$/);
  await confirm(second.tab);
  await confirm(alice.tab);
  await Promise.all([reaches(second.tab, 'done'), reaches(alice.tab, 'done')]);
  await second.tab.caughtUp();

  await alice.person.close();
  await second.person.close();
});

test('a link that is given up leaves no device', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const second = await begin(site, alice.person.account.name);
  const { code } = await reaches(second.tab, 'opened');
  await take(alice.tab, code);
  await reaches(second.tab, 'compare');
  await second.tab.run(() => (window.kept['link'] as { cancel(): Promise<void> }).cancel());
  await second.tab.until('it is signed out', ({ phase }) => phase === 'signed-out');
  await eventually(
    'the other learns it',
    () => states(alice.tab),
    (all) => all.at(-1)?.step === 'failed',
  );
  assert.equal((await alice.tab.run((client) => client.devices())).length, 1);

  await alice.person.close(/status of 40\d/);
  await second.person.close(/status of 40\d/);
});
