/** Pictures and files through the app. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { environment } from '../support/environment.ts';
import { openSite, Visitor } from './visitor.ts';

test('a picture is seen where it stands and large; a file is saved as it was sent', async () => {
  const site = await openSite();
  const alice = await Visitor.signedIn(site, 'alice');
  const bob = await Visitor.signedIn(site, 'bob');
  await alice.writeTo(bob.handle, 'Look');
  await bob.press(/^Requests/);
  await bob.openConversation(alice.name);
  await bob.press('Accept');
  await alice.message('Look');

  const picture = await alice.page.evaluate(async () => {
    const canvas = new OffscreenCanvas(640, 400);
    const context = canvas.getContext('2d')!;
    const sky = context.createLinearGradient(0, 0, 0, 400);
    sky.addColorStop(0, '#f4b26a');
    sky.addColorStop(1, '#3b2a2a');
    context.fillStyle = sky;
    context.fillRect(0, 0, 640, 400);
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
  });
  const plan = Buffer.from('At dusk, at the waterhole. '.repeat(20_000));
  await alice.page.locator('infrasound-composer input[type=file]').setInputFiles([
    { name: 'savanna.png', mimeType: 'image/png', buffer: Buffer.from(picture) },
    { name: 'plan.txt', mimeType: 'text/plain', buffer: plan },
  ]);
  await alice.page.getByRole('list', { name: 'Files' }).getByText('plan.txt').waitFor();
  await alice.screenshot('files-chosen');
  await alice.write('The plan');

  const message = await bob.message('The plan');
  const image = message.locator('.picture img');
  await image.waitFor();
  assert.deepEqual(await image.evaluate((image) => [(image as HTMLImageElement).naturalWidth, (image as HTMLImageElement).naturalHeight]), [640, 400]);
  await bob.screenshot('files');
  await message.locator('.picture').click();
  const large = bob.page.getByRole('dialog', { name: 'Picture: savanna.png' });
  await large.getByRole('img').waitFor();
  await bob.screenshot('files-lightbox');
  await bob.page.keyboard.press('Escape');
  await large.waitFor({ state: 'detached' });

  const coming = bob.page.waitForEvent('download');
  await message.getByRole('button', { name: 'Save: plan.txt' }).click();
  const download = await coming;
  assert.equal(download.suggestedFilename(), 'plan.txt');
  const saved = join(environment.folder, 'plan.txt');
  await download.saveAs(saved);
  assert.ok(readFileSync(saved).equals(plan));
  await (await alice.message('The plan')).getByRole('img', { name: 'Read' }).waitFor();

  const photograph = await alice.page.evaluate(async () => {
    const canvas = new OffscreenCanvas(64, 40);
    canvas.getContext('2d')!.fillRect(0, 0, 64, 40);
    return [...new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg' })).arrayBuffer())];
  });
  const place = Buffer.from('Exif\0\0 59.3293 N 18.0686 E');
  const [begin, rest] = [photograph.slice(0, 2), photograph.slice(2)];
  await alice.page.locator('infrasound-composer input[type=file]').setInputFiles({
    name: 'photo.jpg', mimeType: 'image/jpeg', buffer: Buffer.from([...begin, 0xff, 0xe1, 0, place.length + 2, ...place, ...rest]),
  });
  await alice.write('The photograph');
  await (await bob.message('The photograph')).locator('.picture img').waitFor();
  const sent = await bob.run(async (client, who) => {
    const conversation = client.conversation((await client.conversationWith(who))!);
    const message = (await conversation.messages()).find(({ attachments }) => attachments[0]?.name === 'photo.jpg')!;
    return [...new Uint8Array(await (await conversation.download(message.attachments[0]!)).arrayBuffer())];
  }, alice.handle);
  assert.deepEqual(sent.slice(0, 2), begin, 'it is a JPEG');
  assert.ok(!Buffer.from(sent).includes('59.3293'), 'where it was taken stays here');

  await alice.close();
  await bob.close();
});
