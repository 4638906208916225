/** Several tabs of one device: one of them leads, whichever is open. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Person, type Tab } from '../support/browser.ts';
import { host } from '../support/environment.ts';
import { eventually, says, send, textsWith } from '../support/messages.ts';
import { Site } from '../support/site.ts';

/** Kills a tab with its worker, as the system does when memory is short. */
async function kill({ page }: Tab): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const crashed = new Promise((resolve) => page.once('crash', resolve));
  // It does not live to answer.
  session.send('Page.crash').catch(() => undefined);
  await crashed;
}

test('both tabs of a device show what either does', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const bob = await Person.signedIn(site, 'bob');
  const second = await alice.person.tab();
  await second.caughtUp();

  await second.run((client) => {
    // A message of one's own is told when it is stored, and again when it is in the log.
    const told = new Map<string, string>();
    window.kept['told'] = told;
    void (async () => {
      for await (const event of client.events()) {
        if (event.type === 'message') told.set(event.message.id, event.message.sender);
      }
    })();
  });
  await send(alice.tab, bob.person.handle, 'from the first');
  await send(second, bob.person.handle, 'from the second');
  const both = ['from the first', 'from the second'];
  for (const tab of [alice.tab, second]) assert.deepEqual(await textsWith(tab, bob.person.handle), both);
  await says(bob.tab, alice.person.handle, both);
  await send(bob.tab, alice.person.handle, 'heard');
  await eventually(
    'all three are told in the second tab',
    () => second.run(() => [...(window.kept['told'] as Map<string, string>).values()]),
    (names) => names.length === 3 && names[2] === bob.person.handle,
  );

  await alice.person.close();
  await bob.person.close();
});

test('when the leading tab is closed another takes over', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const bob = await Person.signedIn(site, 'bob');
  const second = await alice.person.tab();
  await second.caughtUp();

  await alice.tab.page.close();
  await send(second, bob.person.handle, 'still here');
  await says(bob.tab, alice.person.handle, ['still here']);
  await second.caughtUp();

  await alice.person.close();
  await bob.person.close();
});

test('what is sent while the leading tab is killed arrives once, and in order', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const bob = await Person.signedIn(site, 'bob');
  await send(alice.tab, bob.person.handle, 'first');
  let leader = alice.tab;
  const texts = ['first'];
  for (let round = 0; round < 6; round += 1) {
    const follower = await alice.person.tab();
    await follower.caughtUp();
    const batch = Array.from({ length: 8 }, (_, n) => `round ${round} message ${n}`);
    texts.push(...batch);
    await follower.run(
      (client, { to, batch }) => {
        // Not one after the other: some are on their way, some stored, some answered when the leader dies.
        window.kept['sent'] = Promise.all(batch.map(async (text) => (await client.send(to, text)).message));
      },
      { to: bob.person.handle, batch },
    );
    await new Promise((resolve) => setTimeout(resolve, round * 7));
    await kill(leader);
    const ids = await follower.run(() => window.kept['sent'] as Promise<string[]>);
    assert.equal(new Set(ids).size, batch.length);
    leader = follower;
  }
  await says(bob.tab, alice.person.handle, texts);
  await says(leader, bob.person.handle, texts);

  await alice.person.close();
  await bob.person.close();
});

test('what cannot be sent is never said to be, though the leading tab is killed meanwhile', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  let leader = alice.tab;
  for (let round = 0; round < 4; round += 1) {
    const follower = await alice.person.tab();
    await follower.caughtUp();
    await follower.run((client, who) => {
      const sending = client.send(who, 'to nobody').then(({ sent }) => sent);
      window.kept['end'] = sending.then(
        () => 'sent',
        (error: { code: string }) => error.code,
      );
    }, `@nobody${round}@${host}`);
    await new Promise((resolve) => setTimeout(resolve, round * 15));
    await kill(leader);
    assert.equal(await follower.run(() => window.kept['end'] as Promise<string>), 'unknown-account');
    leader = follower;
  }

  await alice.person.close(/status of 404/);
});

test('a tab that is killed while it sends loses nothing that was acknowledged', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const bob = await Person.signedIn(site, 'bob');
  await send(alice.tab, bob.person.handle, 'first');
  for (let round = 0; round < 3; round += 1) {
    const acknowledged: string[] = [];
    await alice.tab.page.exposeFunction('acknowledged', (text: string) => acknowledged.push(text));
    await alice.tab.run(
      (client, { to, round }) => {
        const tell = (window as unknown as { acknowledged: (text: string) => void }).acknowledged;
        void (async () => {
          for (let n = 0; n < 40; n += 1) {
            const text = `round ${round} message ${n}`;
            await client.send(to, text);
            tell(text);
          }
        })();
      },
      { to: bob.person.handle, round },
    );
    await new Promise((resolve) => setTimeout(resolve, 100 + round * 37));
    await kill(alice.tab);
    alice.tab = await alice.person.tab();
    assert.ok(acknowledged.length > 0, 'some were acknowledged');
    const seen = await eventually(
      'all that was acknowledged arrives',
      () => textsWith(bob.tab, alice.person.handle),
      (texts) => acknowledged.every((text) => texts.includes(text)),
      60_000,
    );
    const own = seen.filter((text) => text.startsWith(`round ${round} `));
    assert.equal(new Set(own).size, own.length, 'nothing arrives twice');
    assert.deepEqual(own, Array.from({ length: own.length }, (_, n) => `round ${round} message ${n}`), 'in order');
  }

  await alice.person.close();
  await bob.person.close();
});

test('a reload at any moment loses nothing that was acknowledged', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const bob = await Person.signedIn(site, 'bob');
  const texts: string[] = [];
  for (let round = 0; round < 8; round += 1) {
    const text = `message ${round}`;
    texts.push(text);
    await alice.tab.run((client, { to, text }) => client.send(to, text).then(() => undefined), { to: bob.person.handle, text });
    await new Promise((resolve) => setTimeout(resolve, round * 11));
    await alice.tab.reload();
  }
  await says(bob.tab, alice.person.handle, texts);
  await says(alice.tab, bob.person.handle, texts);

  await alice.person.close();
  await bob.person.close();
});

test('a call of a tab of another version is refused, with words that say which page to reload', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const answers = await alice.tab.run(async () => {
    const leader = new BroadcastChannel('infrasound/infrasound/leader');
    const here = new BroadcastChannel('infrasound/infrasound/tab/other');
    type Answer = { type: string; wire: number; term: number; error?: { code: string; message: string } };
    const ask = (message: object): Promise<Answer> =>
      new Promise((resolve) => {
        here.onmessage = ({ data }: MessageEvent<Answer>) => resolve(data);
        leader.postMessage({ tab: 'other', ...message });
      });
    const { wire, term } = await ask({ type: 'hello' });
    const call = { type: 'call', term, again: false, call: { name: 'look', ask: {} } };
    const all = [
      await ask({ ...call, id: 'none' }),
      await ask({ ...call, id: 'newer', wire: wire + 1 }),
      await ask({ ...call, id: 'same', wire }),
    ];
    for (const channel of [leader, here]) channel.close();
    return all.map(({ type, error }) => [type, error?.code, error?.message]);
  });
  const [none, newer, same] = answers as [string[], string[], string[]];
  assert.deepEqual([none.slice(0, 2), newer.slice(0, 2), same[0]], [['refused', 'newer-version'], ['refused', 'newer-version'], 'answer']);
  assert.match(none[2] ?? '', /reload this page/);
  assert.match(newer[2] ?? '', /reload that one/);

  await alice.person.close();
});

test('a tab does not follow a leader of another version', async () => {
  const site = await Site.open();
  const alice = await Person.signedIn(site, 'alice');
  const second = await alice.person.tab();
  await second.caughtUp();
  await alice.tab.run(() => {
    const all = new BroadcastChannel('infrasound/infrasound/all');
    const status = { phase: 'signed-out', online: true, caughtUp: false };
    all.postMessage({ type: 'leads', wire: 1_000, term: Date.now() + 1_000_000, status });
    all.close();
  });
  const { error } = await second.until('it says so', ({ phase }) => phase === 'failed');
  assert.deepEqual([error?.code, /reload this page/.test(error?.message ?? '')], ['newer-version', true]);
  const code = await second.run((client) =>
    client.conversations().then(
      () => 'answered',
      (error: { code: string }) => error.code,
    ),
  );
  assert.equal(code, 'newer-version');
  // It asks again who leads when somebody comes back to it.
  await second.run(() => window.dispatchEvent(new Event('pageshow')));
  await second.caughtUp();
  await second.run((client) => client.conversations().then(() => undefined));

  await alice.person.close();
});
