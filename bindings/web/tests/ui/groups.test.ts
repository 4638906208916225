/** A group through the app, from its making to its end. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openSite, Visitor } from './visitor.ts';

/** One red dot. */
const PICTURE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

test('a group: made, joined by invitation and by link, changed, and left', async () => {
  const site = await openSite();
  const [alice, bob, carol] = await Promise.all(['alice', 'bob', 'carol'].map((name) => Visitor.signedIn(site, name)));
  assert.ok(alice && bob && carol);

  // Alice makes it, with Bob.
  await alice.press('New message');
  await alice.press('New group');
  await alice.page.getByLabel('Name of the group').fill('Waterhole');
  await alice.page.getByLabel('Description').fill('Where we meet at dusk');
  await alice.page.locator('infrasound-group-form input[type=file]').setInputFiles({ name: 'herd.png', mimeType: 'image/png', buffer: Buffer.from(PICTURE, 'base64') });
  const members = alice.page.getByRole('searchbox', { name: 'Add people' });
  await members.fill(bob.handle);
  await members.press('Enter');
  await alice.screenshot('group-new');
  await alice.press('Create group');
  await alice.write('Welcome');
  await alice.message('Welcome');

  // Bob is asked.
  await bob.press(/^Requests/);
  await bob.openConversation('Waterhole');
  await bob.screenshot('group-invitation');
  await bob.press('Accept');
  await bob.message('Welcome');
  const picture = bob.page.locator('infrasound-conversation header infrasound-avatar img');
  await picture.waitFor();
  assert.equal(await picture.evaluate((image) => (image as HTMLImageElement).naturalWidth), 1, 'Bob sees the group’s picture');
  await bob.write('Good evening');
  await alice.message('Good evening');

  // Alice makes Bob a moderator, and a link for people to ask by.
  await alice.press(/Details of Waterhole/);
  await alice.press(`More about ${bob.name}`);
  await alice.choose('Make moderator');
  await alice.page.locator('infrasound-group .role', { hasText: 'moderator' }).waitFor();
  await bob.message(/made .you. moderator/);
  await alice.press('Who may do what');
  await alice.page.getByLabel('Coming in by a link').selectOption('On request');
  await bob.message('changed who may do what');
  await alice.page.getByLabel('Write messages').selectOption('Owners');
  await bob.page.getByText('Only owners write in this group.').waitFor();
  await alice.page.getByLabel('Write messages').selectOption('Everybody');
  await bob.page.locator('infrasound-composer').waitFor();
  await alice.screenshot('group-rules');
  await alice.press('Back');
  await alice.press('Links into the group');
  await alice.press('Make a link');
  const address = await alice.page.locator('infrasound-links .address').innerText();
  await alice.press('QR code');
  await alice.page.getByRole('img', { name: 'QR code of the link' }).waitFor();
  await alice.screenshot('group-links');

  // Carol asks by it, from the address as a browser opens it.
  await carol.page.evaluate((fragment) => (location.hash = fragment), new URL(address).hash);
  await carol.page.getByText('Whoever made this link calls the group “Waterhole”.').waitFor();
  assert.equal(new URL(carol.page.url()).hash, '#/join', 'the secret does not stay in the address');
  await carol.screenshot('group-join');
  await carol.press('Join');

  await alice.press('Back');
  await alice.press(/^Asking to come in/);
  await alice.press(`Let ${carol.handle} in`);
  await carol.openConversation('Waterhole');
  await carol.message('The group begins here');
  await carol.write('Thank you');
  await alice.message('Thank you');

  // It gets another name, which all see.
  await alice.press('Back');
  await alice.press('Change name and picture');
  await alice.page.getByLabel('Name of the group').fill('Waterhole at night');
  await alice.press('Save');
  await carol.page.locator('infrasound-conversation .name', { hasText: 'Waterhole at night' }).waitFor();
  await alice.screenshot('group');

  // Carol is removed by Bob; Bob leaves; Alice closes what is left.
  await bob.press(/Details of Waterhole/);
  await bob.press(`More about ${carol.name}`);
  await bob.choose('Remove');
  await bob.confirm(/^Remove carol/, 'Remove');
  await carol.page.getByText('You are not in this group any more.').waitFor();
  await bob.press('Leave group');
  await bob.confirm(/Leave this group/, 'Leave group');
  await bob.page.getByText('You left this group.').waitFor();
  await alice.message(`${bob.name}\u2069 left.`);
  await alice.press('Close the group for all');
  await alice.confirm(/Close this group/, 'Close the group for all');
  await alice.message('closed the group');
  await alice.page.getByText('This group is closed.').waitFor();

  for (const visitor of [alice, bob, carol]) await visitor.close();
});
