/** Puts `NAME.br` and `NAME.gz` beside each file of a folder that gets smaller by it: the relay sends what the browser takes. */

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const WORTHWHILE = /\.(css|html|js|json|svg|wasm|webmanifest)$/;

const folder = process.argv[2];
for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath ?? entry.path, entry.name);
  if (!entry.isFile() || !WORTHWHILE.test(path)) continue;
  const bytes = readFileSync(path);
  const brotli = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length, [constants.BROTLI_PARAM_LGWIN]: 24 },
  });
  for (const [ending, compressed] of [['br', brotli], ['gz', gzipSync(bytes, { level: 9 })]]) {
    if (compressed.length < bytes.length) writeFileSync(`${path}.${ending}`, compressed);
  }
}
