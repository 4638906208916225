/**
 * Runs the tests in a browser: `node run.mjs [part of a file's name …]`.
 *
 * One relay with its demo instance and one Chromium serve all of them; each test has accounts and browser contexts of its
 * own. What this starts, it ends. The programs are built by cargo, unless INFRASOUND_PROGRAMS names a folder that has them;
 * INFRASOUND_CHROMIUM names a browser that is not found by itself. The last line counts the tests.
 */

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';
import { chromium } from 'playwright-core';

import { QUIET, findChromium } from '../demo/chromium.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const workspace = join(here, '../../..');
const PATIENCE = 60_000;

const target = JSON.parse(
  execFileSync('cargo', ['metadata', '--no-deps', '--format-version', '1'], { cwd: workspace, encoding: 'utf8', maxBuffer: 1 << 26 }),
).target_directory;

function programs() {
  if (process.env.INFRASOUND_PROGRAMS) return process.env.INFRASOUND_PROGRAMS;
  const packages = ['-p', 'infrasound-relay', '-p', 'infrasound-cli'];
  execFileSync('cargo', ['build', '--quiet', ...packages], { cwd: workspace, stdio: 'inherit' });
  return join(target, 'debug');
}

/** Without limits on how often: all tests come from one address. */
function relayConfig(folder) {
  const rates = [
    'requests_per_second',
    'sign_ins_per_minute',
    'link_joins_per_hour',
    'claims_per_hour',
    'stranger_claims_per_hour',
    'stranger_claims_of_one_per_hour',
    'blobs_per_hour',
    'rejoins_per_hour',
    'knocks_per_minute',
    'searches_per_minute',
    'typing_per_minute',
    // All of the tests' people register from one address.
    'registrations_of_address_per_hour',
    'registrations_of_account_per_day',
    'one_time_to_strangers_per_hour',
  ];
  const path = join(folder, 'relay.toml');
  writeFileSync(path, ['[rates]', ...rates.map((rate) => `${rate} = 0`), ''].join('\n'));
  return path;
}

function startRelay(folder, binaries) {
  const data = join(folder, 'relay');
  const options = ['serve', '--demo', '--listen', '127.0.0.1:0', '--data', data, '--config', relayConfig(folder)];
  const child = spawn(join(binaries, 'infrasound-relay'), options, { stdio: ['ignore', 'pipe', 'inherit'] });
  const announced = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`the relay ended with ${code}`)));
    createInterface(child.stdout).on('line', (line) => {
      const [, address] = line.split('listening on ');
      if (address) resolve(address.trim().replace(/\/$/, ''));
    });
    setTimeout(() => reject(new Error('the relay does not say where it listens')), PATIENCE).unref();
  });
  return { child, announced };
}

function testFiles(wanted) {
  const all = readdirSync(here, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts') && !path.includes('node_modules'))
    .sort();
  return wanted.length === 0 ? all : all.filter((path) => wanted.some((part) => path.includes(part)));
}

async function bundle(files, folder) {
  await build({
    entryPoints: files.map((file) => join(here, file)),
    outdir: folder,
    outbase: here,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What a test gives to the page is sent as its source: nothing may be renamed or helped along.
    keepNames: false,
    minify: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
  });
  return files.map((file) => join(folder, file.replace(/\.ts$/, '.mjs')));
}

async function main() {
  const files = testFiles(process.argv.slice(2));
  if (files.length === 0) throw new Error('there is no such test');
  for (const built of ['client/dist/index.js', 'client/dist/infrasound_web_bg.wasm']) {
    if (!existsSync(join(here, '..', built))) throw new Error(`${built} is missing: run \`cargo xtask web\` first`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'infrasound-web-'));
  // Inside of the package, so that what the tests import is found.
  const bundles = mkdtempSync(join(here, '..', 'node_modules', '.web-tests-'));
  const screens = join(target, 'screens');
  mkdirSync(screens, { recursive: true });
  const binaries = programs();
  const relay = startRelay(folder, binaries);
  let browser;
  let tests;
  const end = async () => {
    tests?.kill();
    await browser?.close();
    relay.child.removeAllListeners('exit');
    relay.child.kill();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    rmSync(bundles, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void end().then(() => process.exit(130)));
  try {
    const executablePath = findChromium();
    if (!executablePath) throw new Error('there is no Chromium: on Debian, apt-get install chromium');
    const flags = ['--disable-gpu', ...QUIET];
    browser = await chromium.launchServer({ executablePath, args: flags });
    const environment = {
      relay: await relay.announced,
      browser: browser.wsEndpoint(),
      executablePath,
      flags,
      programs: binaries,
      screens,
      client: join(here, '../client/dist'),
      app: join(here, '../app/dist'),
      vectors: join(workspace, 'spec/vectors'),
      web: join(here, '..'),
      folder,
    };
    const compiled = await bundle(files, bundles);
    console.log(`relay ${environment.relay}; screenshots in ${relative(process.cwd(), screens) || dirname(screens)}`);
    const concurrency = process.env.INFRASOUND_WEB_TESTS_AT_ONCE ?? '2';
    const options = [
      '--test',
      `--test-concurrency=${concurrency}`,
      '--test-force-exit',
      '--test-timeout=120000',
      '--test-reporter=spec',
      '--enable-source-maps',
    ];
    tests = spawn(process.execPath, [...options, ...compiled], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
        INFRASOUND_WEB_TESTS: JSON.stringify(environment),
      },
    });
    let report = '';
    tests.stdout.on('data', (data) => {
      process.stdout.write(data);
      report += data;
    });
    const code = await new Promise((resolve) => tests.on('close', (code) => resolve(code ?? 1)));
    tests = undefined;
    // For whoever counts: the last line.
    const count = (what) => Number(new RegExp(`ℹ ${what} (\\d+)`).exec(report)?.[1] ?? 0);
    const failed = count('fail') + count('cancelled');
    console.log(`browsers: ${count('pass')} passed, ${failed} failed`);
    return code === 0 && failed > 0 ? 1 : code;
  } finally {
    await end();
  }
}

process.exitCode = await main();
