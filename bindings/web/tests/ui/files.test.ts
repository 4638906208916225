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

  await alice.close();
  await bob.close();
});
