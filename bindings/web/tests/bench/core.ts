/** Opens the page in whose worker the core is measured. */

import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { launch } from './chromium.ts';
import { tell, type Folders, type Stage } from './main.ts';

export async function measureCore(folders: Folders, stage: Stage): Promise<void> {
  const files: Record<string, [string, string]> = {
    '/worker.mjs': [join(folders.folder, 'worker.mjs'), 'text/javascript'],
    '/core.wasm': [join(folders.wasm, 'infrasound_web_bg.wasm'), 'application/wasm'],
  };
  for (const name of ['creator', 'friend', ...stage.joiners]) {
    files[`/${name}.json`] = [join(folders.stage, `${name}.json`), 'application/json'];
  }
  const server = createServer((request, response) => {
    // Alone in its process, a page has a clock of microseconds.
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    response.setHeader('cross-origin-embedder-policy', 'require-corp');
    const file = files[request.url ?? ''];
    response.setHeader('content-type', file?.[1] ?? 'text/html; charset=utf-8');
    if (file) createReadStream(file[0]).pipe(response);
    else response.end('<!doctype html><html lang="en"><title>Infrasound</title></html>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const context = await launch(join(folders.folder, 'core-profile'));
  try {
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const measured = await page.evaluate(
      (stage) =>
        new Promise<Record<string, number[]>>((resolve, reject) => {
          const worker = new Worker('/worker.mjs', { type: 'module' });
          worker.onerror = ({ message }) => reject(new Error(message));
          worker.onmessage = ({ data }) => ('failed' in data ? reject(new Error(data.failed)) : resolve(data.measured));
          worker.postMessage(stage);
        }),
      stage,
    );
    for (const [name, values] of Object.entries(measured)) tell(name, values);
  } finally {
    await context.close();
    server.closeAllConnections();
    server.close();
  }
}
