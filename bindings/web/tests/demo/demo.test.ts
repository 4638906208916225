/** What `cargo xtask demo` shows, played without a display. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

import { afterwards } from '../support/afterwards.ts';
import { environment } from '../support/environment.ts';
import { Site } from '../support/site.ts';

type Line = Record<string, unknown>;

test('two people in two browsers play the demo to its end', async () => {
  const site = await Site.open({ app: environment.app }, "default-src 'self' 'wasm-unsafe-eval' data: blob:");
  const script = join(environment.web, 'demo/demo.mjs');
  const where = ['--instance', environment.relay, '--app', `${site.base}/app/`, '--screens', environment.screens];
  const child = spawn(process.execPath, [script, ...where, '--headless'], { stdio: ['ignore', 'pipe', 'pipe'] });
  afterwards(async () => child.kill());
  const lines: Line[] = [];
  let complaint = '';
  createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line) as Line));
  child.stderr.on('data', (data: Buffer) => (complaint += data.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(code, 0, `${complaint} after ${JSON.stringify(lines.at(-1))}`);
  assert.deepEqual(lines.at(-1), { played: 'unseen' });
  const all = (kind: string): unknown[] => lines.flatMap((line) => (kind in line ? [line[kind]] : []));
  assert.equal(all('wrote').length, 3);
  assert.equal(all('holds').length, 6);
  for (const picture of all('picture')) assert.ok(existsSync(String(picture)));
});
