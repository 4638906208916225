/**
 * From navigation to a conversation list, in the app as the relay serves it.
 *
 * Cold: a new process of Chromium whose profile has the store of somebody who has signed in, and nothing else: no HTTP cache,
 * no compiled code, no service worker. Warm: another tab of a browser in which the app was opened before, and no tab has it.
 * The time is that of the page, from the beginning of the navigation until all conversations are listed and a frame
 * with them is painted.
 */

import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import type { Client } from '@infrasound/client';
import type { Page } from 'playwright-core';

import { newAccount } from '../support/account.ts';
import { launch } from './chromium.ts';
import { tell, type Folders, type Stage } from './main.ts';

const COLD = 7;
const WARM = 15;
/** What a profile has of pages that were visited, the store apart. */
const CACHES = ['Cache', 'Code Cache', 'Service Worker', 'GPUCache', 'DawnGraphiteCache', 'DawnWebGPUCache'];

type Messenger = HTMLElement & { app: { connected: Client; client?: Client; status: { phase: string } } };

export async function measureStart(folders: Folders, stage: Stage): Promise<void> {
  const profile = join(folders.folder, 'profile');
  await signIn(profile, stage);
  for (const cache of CACHES) rmSync(join(profile, 'Default', cache), { recursive: true, force: true });
  const cold: number[] = [];
  let loaded: string[] = [];
  for (let run = 0; run < COLD; run++) {
    const copy = join(folders.folder, `profile-${run}`);
    cpSync(profile, copy, { recursive: true });
    const opened = await coldStart(copy, stage);
    cold.push(opened.took);
    loaded = opened.loaded;
    rmSync(copy, { recursive: true, force: true, maxRetries: 5 });
  }
  tell('cold', cold);
  tell('code', [weigh(folders.app, loaded)]);
  tell('warm', await warmStarts(profile, stage));
}

/** Makes a browser a device, which writes to some people. */
async function signIn(profile: string, stage: Stage): Promise<void> {
  const account = await newAccount('reader');
  const context = await launch(profile);
  const page = await context.newPage();
  await page.goto(stage.relay);
  await page.waitForFunction(() => document.querySelector<Messenger>('infrasound-messenger')?.app.client !== undefined);
  await page.evaluate(
    async ({ token, listed }) => {
      const client = document.querySelector<Messenger>('infrasound-messenger')!.app.connected;
      await client.register(await client.signInWithToken(token), { deviceName: 'Chromium' });
      for (const handle of listed) await (await client.send(handle, 'Shall we meet at the waterhole?')).sent;
    },
    { token: account.token, listed: stage.listed },
  );
  await context.close();
}

async function coldStart(profile: string, stage: Stage): Promise<{ took: number; loaded: string[] }> {
  const context = await launch(profile);
  try {
    const page = await context.newPage();
    const loaded = new Set<string>();
    context.on('request', (request) => loaded.add(request.url()));
    return { took: await navigate(page, stage), loaded: [...loaded] };
  } finally {
    await context.close();
  }
}

async function warmStarts(profile: string, stage: Stage): Promise<number[]> {
  const context = await launch(profile);
  try {
    const first = await context.newPage();
    await navigate(first, stage);
    await first.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    // Chromium keeps compiled code when it was needed twice.
    for (let run = 0; run < 2; run++) await navigate(first, stage);
    await first.close();
    const took: number[] = [];
    for (let run = 0; run < WARM; run++) {
      const page = await context.newPage();
      took.push(await navigate(page, stage));
      await page.close();
    }
    return took;
  } finally {
    await context.close();
  }
}

/** Opens the app, and gives the milliseconds until the list is there. */
async function navigate(page: Page, stage: Stage): Promise<number> {
  await page.addInitScript((count) => {
    const inside = (root: ParentNode | null | undefined, name: string) => root?.querySelector(name)?.shadowRoot;
    const look = () => {
      const sidebar = inside(inside(document, 'infrasound-messenger'), 'infrasound-sidebar');
      const rows = inside(sidebar, 'infrasound-list')?.querySelectorAll('button.row').length ?? 0;
      if (rows < count) return void requestAnimationFrame(look);
      // What is in the page now is painted before the frame after this one.
      requestAnimationFrame(() => performance.mark('listed'));
    };
    requestAnimationFrame(look);
  }, stage.listed.length);
  await page.goto(stage.relay, { waitUntil: 'commit' });
  const mark = await page.waitForFunction(() => performance.getEntriesByName('listed')[0]?.startTime, undefined, { polling: 50 });
  return (await mark.jsonValue()) ?? Number.NaN;
}

/** Bytes after `gzip -9` of the scripts, styles and pages among what was loaded, and of the service worker. */
function weigh(app: string, loaded: string[]): number {
  const paths = new Set(loaded.map((url) => new URL(url).pathname.replace(/\/$/, '/index.html')));
  paths.add('/service-worker.js');
  const files = [...paths].filter((path) => /\.(css|html|js)$/.test(path)).map((path) => join(app, path));
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length > 0) throw new Error(`the relay serves another build of the app: ${missing.join(', ')} is not in it`);
  return files.reduce((sum, file) => sum + gzipSync(readFileSync(file), { level: 9 }).length, 0);
}
