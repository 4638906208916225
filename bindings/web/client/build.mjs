/** Builds `dist/`: two ES modules, the WASM beside them, and the types. `cargo xtask web` puts the WASM into `wasm/`. */

import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const dist = join(here, 'dist');
const wasm = join(here, 'wasm', 'infrasound_web_bg.wasm');
if (!existsSync(wasm)) {
  console.error('client/wasm is empty: `cargo xtask web` builds the core into it first');
  process.exit(1);
}

rmSync(dist, { recursive: true, force: true });
await build({
  entryPoints: { index: join(here, 'src/index.ts'), worker: join(here, 'src/worker/main.ts') },
  outdir: dist,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  // Names show up in errors; they cost little.
  keepNames: false,
  legalComments: 'none',
});
copyFileSync(wasm, join(dist, 'infrasound_web_bg.wasm'));

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
execFileSync(process.execPath, [tsc, '-p', here, '--emitDeclarationOnly'], { stdio: 'inherit' });
// What an app sees refers to these alone.
const PUBLIC = ['api.d.ts', 'connect.d.ts', 'error.d.ts', 'index.d.ts', 'thumbnail.d.ts'];
for (const entry of readdirSync(dist, { withFileTypes: true })) {
  const isPublic = PUBLIC.includes(entry.name) || !(entry.isDirectory() || entry.name.endsWith('.d.ts'));
  if (!isPublic) rmSync(join(dist, entry.name), { recursive: true });
}
