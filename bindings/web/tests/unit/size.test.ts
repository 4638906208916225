/** Everybody downloads this before they see anything: it stays within its budgets. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { environment } from '../support/environment.ts';

const MODULE = 700_000;
const APP = 120_000;
/** Each is fetched only by who reads it. */
const LANGUAGE = /^[a-z]{2}-/;

const compressed = (file: string) => execFileSync('gzip', ['-9', '-c', file], { maxBuffer: 1 << 26 }).length;

test('the module is within its budget', () => {
  const size = compressed(join(environment.client, 'infrasound_web_bg.wasm'));
  assert.ok(size <= MODULE, `${size} bytes after gzip -9, of ${MODULE}: see spec/decisions/0016`);
});

test('the code and styles of the app are within theirs', () => {
  const files = readdirSync(environment.app, { recursive: true, encoding: 'utf8' });
  const code = files.filter((name) => /\.(js|css|html)$/.test(name) && !LANGUAGE.test(name.replace(/^.*\//, '')));
  assert.ok(code.length >= 6, code.join(' '));
  const size = code.reduce((sum, name) => sum + compressed(join(environment.app, name)), 0);
  assert.ok(size <= APP, `${size} bytes after gzip -9, of ${APP}`);
});
