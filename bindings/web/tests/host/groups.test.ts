/** Groups, from creation to leaving, by the package alone. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Conversation, Message } from '@infrasound/client';

import { Person, type Tab } from '../support/browser.ts';
import { eventually } from '../support/messages.ts';
import { Site } from '../support/site.ts';

function texts(tab: Tab, id: string): Promise<string[]> {
  return tab.run(async (client, id) => {
    const messages: Message[] = await client.conversation(id).messages();
    return messages.flatMap(({ body }) => (body.kind === 'html' ? [body.html.replace(/<[^>]*>/g, '')] : []));
  }, id);
}

function group(tab: Tab, id: string): Promise<Conversation | undefined> {
  return tab.run(async (client, id) => (await client.conversations()).find((one) => one.id === id), id);
}

test('a group is made, spoken in, joined by a link, changed and left', async () => {
  const site = await Site.open();
  const [alice, bob, carol] = await Promise.all(
    ['alice', 'bob', 'carol'].map((name) => Person.signedIn(site, name)),
  ) as [Signed, Signed, Signed];

  const id = await alice.tab.run(
    (client, who) => client.createGroup({ name: 'Herd', description: 'all of us', members: [who] }),
    bob.person.handle,
  );
  const invitation = await eventually('Bob is invited', () => group(bob.tab, id), (seen) => seen?.group?.name === 'Herd');
  assert.deepEqual([invitation?.request, invitation?.group?.inviter?.handle], [true, alice.person.handle]);
  await bob.tab.run((client, id) => client.conversation(id).answer('accepted'), id);
  await alice.tab.run((client, id) => client.conversation(id).send('welcome').then(({ sent }) => sent), id);
  await eventually('Bob reads it', () => texts(bob.tab, id), (seen) => seen.includes('welcome'));

  const link = await alice.tab.run(async (client, id) => {
    const conversation = client.conversation(id);
    await conversation.set({ join: 'open' });
    return conversation.makeLink({ days: 1 });
  }, id);
  assert.match(link, /^infrasound:join\?relay=http:\/\/127\.0\.0\.1:\d+#/);
  await eventually(
    'the link is good',
    () => alice.tab.run((client, id) => client.conversation(id).view(), id),
    ({ links }) => links.some((known) => known.link === link),
  );
  await carol.tab.run((client, link) => client.joinGroup(link), link);
  await eventually(
    'Carol is in it',
    () => carol.tab.run((client, id) => client.conversation(id).view().then(({ role }) => role ?? '', () => ''), id),
    (role) => role === 'member',
  );
  await carol.tab.run((client, id) => client.conversation(id).send('here I am').then(({ sent }) => sent), id);
  for (const { tab } of [alice, bob]) await eventually('it is read', () => texts(tab, id), (seen) => seen.includes('here I am'));

  await alice.tab.run((client, id) => client.conversation(id).describe({ name: 'Great Herd' }), id);
  const renamed = await eventually('it has a new name', () => group(bob.tab, id), (seen) => seen?.group?.name === 'Great Herd');
  assert.equal(renamed?.group?.description, 'all of us', 'what was not said stays');

  await alice.tab.run(
    (client, { id, who }) => client.conversation(id).setRole(who, 'moderator'),
    { id, who: bob.person.handle },
  );
  await eventually(
    'Bob is a moderator',
    () => bob.tab.run((client, id) => client.conversation(id).view(), id),
    ({ role }) => role === 'moderator',
  );
  const refused = await carol.tab.run(
    (client, { id, who }) =>
      client.conversation(id).remove([who]).then(
        () => 'done',
        (error: { code: string }) => error.code,
      ),
    { id, who: bob.person.handle },
  );
  assert.equal(refused, 'not-allowed');

  await carol.tab.run((client, id) => client.conversation(id).leave(), id);
  await eventually('Carol has left', () => group(carol.tab, id), (seen) => seen?.group?.ended === 'left');
  await eventually(
    'two are left',
    () => alice.tab.run((client, id) => client.conversation(id).view(), id),
    ({ members }) => members.length === 2,
  );
  await alice.tab.run((client, { id, who }) => client.conversation(id).remove([who]), { id, who: bob.person.handle });
  await eventually('Bob was taken out', () => group(bob.tab, id), (seen) => seen?.group?.ended === 'removed');

  for (const { person } of [alice, bob, carol]) await person.close(/status of 40\d/);
});

type Signed = Awaited<ReturnType<typeof Person.signedIn>>;
