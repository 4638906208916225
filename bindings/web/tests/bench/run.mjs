/**
 * Measures in Chromium: `node run.mjs FOLDER`. The folder is one that `bench-web` has set up, whose relay is running.
 *
 * Each line that is printed is a JSON object: what was measured, and all values. What this starts, it ends.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { QUIET, findChromium } from '../../demo/chromium.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const [stageFolder] = process.argv.slice(2);
if (stageFolder === undefined) throw new Error('usage: node run.mjs FOLDER');

const executablePath = findChromium();
if (!executablePath) throw new Error('there is no Chromium: on Debian, apt-get install chromium');
const { relay } = JSON.parse(readFileSync(join(stageFolder, 'stage.json'), 'utf8'));
// Inside of the package, so that what is imported is found.
const folder = mkdtempSync(join(here, '../../node_modules/.web-bench-'));
try {
  const common = { bundle: true, format: 'esm', outdir: folder, outExtension: { '.js': '.mjs' } };
  await build({ ...common, entryPoints: [join(here, 'main.ts')], platform: 'node', target: 'node20', packages: 'external' });
  await build({ ...common, entryPoints: [join(here, 'worker.ts')], platform: 'browser', target: 'es2022', minify: true });
  // What the tests' support reads when it is loaded.
  process.env.INFRASOUND_WEB_TESTS = JSON.stringify({ relay, executablePath, flags: ['--disable-gpu', ...QUIET] });
  const { measure } = await import(join(folder, 'main.mjs'));
  await measure({ stage: stageFolder, folder, app: join(here, '../../app/dist'), wasm: join(here, '../../client/dist') });
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
