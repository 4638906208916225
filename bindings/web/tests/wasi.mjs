/**
 * Runs a test program that was built for `wasm32-wasip1`, in the engine that Chromium has: `node wasi.mjs PROGRAM.wasm …`.
 *
 * It sees the workspace, to read the vectors in it, and a temporary folder. Cargo calls it as the target's runner.
 */

import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { WASI } from 'node:wasi';

const [program, ...rest] = process.argv.slice(2);
const workspace = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
const wasi = new WASI({
  version: 'preview1',
  // There are no threads.
  args: [program, '--test-threads=1', ...rest],
  env: { PROPTEST_FAILURE_PERSISTENCE: 'off', RUST_BACKTRACE: '0' },
  preopens: { [workspace]: workspace, '/tmp': tmpdir() },
  returnOnExit: true,
});
const module = await WebAssembly.compile(readFileSync(program));
process.exitCode = wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
