/**
 * Runs the test suites of the core and of the spec, vectors included, as WebAssembly: `node core.mjs`.
 *
 * The target is `wasm32-wasip1`, which has files and a clock where a browser has none; code generation, word size and the
 * engine that runs it are those of the browser's WASM. The last line counts the tests.
 */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const TARGET = 'wasm32-wasip1';
const workspace = fileURLToPath(new URL('../../..', import.meta.url));
const runner = fileURLToPath(new URL('wasi.mjs', import.meta.url));

/** The target's standard library comes from rustup. */
function needTarget() {
  const installed = spawnSync('rustup', ['target', 'list', '--installed'], { cwd: workspace, encoding: 'utf8' });
  if (installed.stdout?.includes(TARGET)) return;
  const added = spawnSync('rustup', ['target', 'add', TARGET], { cwd: workspace, stdio: 'inherit' });
  if (added.status !== 0) throw new Error(`the target is missing: rustup target add ${TARGET}`);
}

needTarget();
// openmls builds for WebAssembly only where it is told that there is JavaScript for clock and randomness; WASI has both.
const packages = ['-p', 'infrasound-spec', '-p', 'infrasound-core', '--features', 'openmls/js'];
const tests = spawnSync(process.env.CARGO ?? 'cargo', ['test', '--target', TARGET, ...packages, '--lib', '--tests', '--no-fail-fast'], {
  cwd: workspace,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
  maxBuffer: 1 << 26,
  env: { ...process.env, CARGO_TARGET_WASM32_WASIP1_RUNNER: `node --no-warnings ${runner}` },
});
process.stdout.write(tests.stdout);
const results = [...tests.stdout.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed/gm)];
const passed = results.reduce((sum, [, count]) => sum + Number(count), 0);
// A panic ends the program, and with it the count.
const failed = results.reduce((sum, [, , count]) => sum + Number(count), 0) + (tests.status === 0 ? 0 : 1);
console.log(`core in WASM: ${passed} passed, ${failed} failed`);
process.exitCode = tests.status === 0 && passed > 0 ? 0 : 1;
