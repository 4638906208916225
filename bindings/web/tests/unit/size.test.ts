/** Everybody downloads the module before they see anything: it stays within its budget. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

import { environment } from '../support/environment.ts';

const BUDGET = 700_000;

test('the module is within its budget', () => {
  const module = join(environment.client, 'infrasound_web_bg.wasm');
  const { length } = execFileSync('gzip', ['-9', '-c', module], { maxBuffer: 1 << 26 });
  assert.ok(length <= BUDGET, `${length} bytes after gzip -9, of ${BUDGET}: see spec/decisions/0016`);
});
