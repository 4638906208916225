/** What is seen of a picture before it is fetched, and when it is. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Locator } from 'playwright-core';

import { Site } from '../support/site.ts';
import { assertAccessible } from './axe.ts';
import { acquainted, openSite, Visitor } from './visitor.ts';

/** Counts the slices of files that are fetched through a site. */
function countFetches(site: Site): () => number {
  let count = 0;
  site.meddle = ({ method, url = '' }) => {
    if (method === 'GET' && url.includes('/blobs/')) count += 1;
    return 'pass';
  };
  return () => count;
}

/** A picture that does not get small: a sky, with noise in it. */
async function photograph(visitor: Visitor): Promise<Buffer> {
  const text = await visitor.page.evaluate(async () => {
    const canvas = new OffscreenCanvas(800, 560);
    const context = canvas.getContext('2d')!;
    const sky = context.createLinearGradient(0, 0, 0, 560);
    sky.addColorStop(0, '#a4723a');
    sky.addColorStop(0.6, '#74341a');
    sky.addColorStop(1, '#1b0a0a');
    context.fillStyle = sky;
    context.fillRect(0, 0, 800, 560);
    context.fillStyle = '#000';
    context.fillRect(300, 260, 190, 180);
    const image = context.getImageData(0, 0, 800, 560);
    for (let at = 0; at < image.data.length; at++) image.data[at]! += Math.floor(Math.random() * 90);
    context.putImageData(image, 0, 0);
    const picture = await canvas.convertToBlob();
    return new Promise<string>((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result as string);
      reader.readAsDataURL(picture);
    });
  });
  return Buffer.from(text.slice(text.indexOf(',') + 1), 'base64');
}

const measures = (image: Locator) => image.evaluate(async (image) => {
  await (image as HTMLImageElement).decode();
  return [(image as HTMLImageElement).naturalWidth, (image as HTMLImageElement).naturalHeight];
});

test('a large picture is seen small at once, and fetched once, when it is opened', async () => {
  const [here, there] = await Promise.all([openSite(), openSite()]);
  const [alice, bob] = await acquainted(here, there);
  const [byAlice, byBob] = [countFetches(here), countFetches(there)];

  const buffer = await photograph(alice);
  assert.ok(buffer.length > 1024 * 1024, `it is large: ${buffer.length}`);
  await alice.page.locator('infrasound-composer input[type=file]').setInputFiles({ name: 'dusk.png', mimeType: 'image/png', buffer });
  await alice.write('At dusk');
  assert.deepEqual(await measures((await alice.message('At dusk')).locator('.picture img:not(.thumbnail)')), [800, 560]);

  const message = await bob.message('At dusk');
  const [wide = 0, high = 0] = await measures(message.locator('.picture img.thumbnail'));
  assert.ok(wide > 30 && wide <= 100 && Math.abs(wide / high - 10 / 7) < 0.1, `${wide} by ${high}`);
  assert.match(await message.locator('.picture').getAttribute('aria-label') ?? '', /^Picture: dusk\.png, .+MB\. Open to fetch it\.$/);
  await assertAccessible(bob.page, 'a picture that is not fetched');
  await bob.screenshot('picture-thumbnail');
  assert.equal(byBob(), 0, 'nothing is fetched to show it');

  // By keyboard: to the message, and from its menu to the picture.
  await bob.page.locator('infrasound-composer textarea').press('ArrowUp');
  await bob.page.keyboard.press('Enter');
  await bob.choose('Open picture');
  const large = bob.page.getByRole('dialog', { name: 'Picture: dusk.png' });
  assert.deepEqual(await measures(large.getByRole('img', { name: 'dusk.png' })), [800, 560]);
  await bob.page.keyboard.press('Escape');
  assert.deepEqual(await measures(message.locator('.picture img:not(.thumbnail)')), [800, 560]);
  assert.ok(byBob() > 0);

  const before = byBob();
  await bob.page.reload();
  await bob.openConversation(alice.name);
  const again = await bob.message('At dusk');
  assert.deepEqual(await measures(again.locator('.picture img:not(.thumbnail)')), [800, 560]);
  assert.equal(byBob(), before, 'it was kept');
  assert.equal(byAlice(), 0, 'who sent it has it');

  await alice.close();
  await bob.close();
});

test('a picture that is being fetched can be stopped, and gone on with', async () => {
  const [here, there] = await Promise.all([openSite(), openSite()]);
  const [alice, bob] = await acquainted(here, there);
  const buffer = await photograph(alice);
  await alice.page.locator('infrasound-composer input[type=file]').setInputFiles({ name: 'dusk.png', mimeType: 'image/png', buffer });
  await alice.write('At dusk');
  const message = await bob.message('At dusk');

  let slices = 0;
  let go = () => {};
  there.meddle = async ({ method, url = '' }) => {
    if (method === 'GET' && url.includes('/blobs/') && ++slices === 2) await new Promise<void>((resolve) => (go = resolve));
    return 'pass' as const;
  };
  await message.locator('.picture').click();
  const large = bob.page.getByRole('dialog', { name: 'Picture: dusk.png' });
  await bob.page.waitForFunction(() => {
    const find = (root: ParentNode): Element[] => [...root.querySelectorAll('*')].flatMap((each) => [each, ...(each.shadowRoot ? find(each.shadowRoot) : [])]);
    return find(document).some((each) => each.localName === 'progress' && (each as HTMLProgressElement).value > 0);
  });
  await bob.screenshot('picture-coming');
  await large.getByRole('button', { name: 'Cancel' }).click();
  await large.getByText('You stopped it.').waitFor();
  await assertAccessible(bob.page, 'a picture that was stopped');
  go();
  await large.getByRole('button', { name: 'Go on' }).click();
  assert.deepEqual(await measures(large.getByRole('img', { name: 'dusk.png' })), [800, 560]);

  await alice.close();
  await bob.close();
});

test('of a picture in a request nothing is seen or fetched before it is asked for', async () => {
  const [here, there] = await Promise.all([openSite(), openSite()]);
  const alice = await Visitor.signedIn(here, 'alice');
  const bob = await Visitor.signedIn(there, 'bob');
  const fetched = countFetches(there);
  await alice.run(async (client, who) => {
    const canvas = new OffscreenCanvas(64, 40);
    canvas.getContext('2d', { alpha: false })!.fillRect(0, 0, 64, 40);
    const file = await canvas.convertToBlob({ type: 'image/webp', quality: 0.5 });
    const thumbnail = new Uint8Array(await file.arrayBuffer());
    await (await client.send(who, 'Look at me', { files: [{ file, name: 'me.webp', width: 64, height: 40, thumbnail }] })).sent;
  }, bob.handle);

  await bob.press(/^Requests/);
  await bob.openConversation(alice.name);
  const message = await bob.message('Look at me');
  await message.locator('.picture').waitFor();
  await bob.settled();
  assert.equal(await message.locator('img').count(), 0);
  assert.equal(fetched(), 0);
  await bob.screenshot('picture-of-a-stranger');
  await message.locator('.picture').click();
  const large = bob.page.getByRole('dialog', { name: 'Picture: me.webp' });
  assert.deepEqual(await measures(large.getByRole('img', { name: 'me.webp' })), [64, 40]);

  await alice.close();
  await bob.close();
});

test('a PNG goes without what a program wrote into it', async () => {
  const site = await openSite();
  const [alice, bob] = await acquainted(site);
  const plain = Buffer.from(await alice.page.evaluate(async () => {
    const canvas = new OffscreenCanvas(30, 20);
    canvas.getContext('2d')!.fillRect(3, 3, 20, 10);
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
  }));
  // After signature and header: a text, whose checksum nobody looks at.
  const text = Buffer.from('Comment\u000059.3293 N 18.0686 E', 'latin1');
  const chunk = Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from('tEXt'), text, Buffer.alloc(4)]);
  const buffer = Buffer.concat([plain.subarray(0, 33), chunk, plain.subarray(33)]);
  await alice.page.locator('infrasound-composer input[type=file]').setInputFiles({ name: 'map.png', mimeType: 'image/png', buffer });
  await alice.write('The map');
  assert.deepEqual(await measures((await bob.message('The map')).locator('.picture img:not(.thumbnail)')), [30, 20]);
  const sent = await bob.run(async (client, who) => {
    const conversation = client.conversation((await client.conversationWith(who))!);
    const message = (await conversation.messages()).find(({ attachments }) => attachments[0]?.name === 'map.png')!;
    return [...new Uint8Array(await (await conversation.download(message.attachments[0]!)).arrayBuffer())];
  }, alice.handle);
  assert.ok(Buffer.from(sent).equals(plain), 'every byte of the picture is as it was');

  await alice.close();
  await bob.close();
});
