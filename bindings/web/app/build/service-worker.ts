/** Writes `service-worker.js`: the worker with the list of the app's files, and a version that is the digest of them. */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import { build, type Plugin, type Rolldown } from 'vite';

import { digest } from './integrity.ts';

/** What is not part of the shell: the embedding entry, the worker itself, and what only an installer reads. */
const LEFT_OUT = /^(messenger\.js|service-worker\.js|icon-\d+\.png|.*\.map)$/;
const ENTRY = fileURLToPath(new URL('../src/page/service-worker.ts', import.meta.url));

export function serviceWorker(): Plugin {
  return {
    name: 'infrasound-service-worker',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      async handler(_options, bundle) {
        const files = Object.values(bundle)
          .filter((file) => !LEFT_OUT.test(file.fileName))
          .map((file) => ({
            name: file.fileName === 'index.html' ? './' : `./${file.fileName}`,
            integrity: digest(file.type === 'chunk' ? file.code : file.source),
          }))
          .sort((one, other) => (one.name < other.name ? -1 : 1));
        const version = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16);
        const source = await bundled({ __VERSION__: JSON.stringify(version), __FILES__: JSON.stringify(files) });
        this.emitFile({ type: 'asset', fileName: 'service-worker.js', source });
      },
    },
  };
}

/** The worker with what it imports, as one script. */
async function bundled(define: Record<string, string>): Promise<string> {
  const lib = { entry: ENTRY, formats: ['iife' as const], name: 'worker' };
  const built = await build({ configFile: false, logLevel: 'warn', publicDir: false, define, build: { write: false, minify: false, lib } });
  const [{ output: [{ code }] }] = built as [Rolldown.RolldownOutput];
  return code;
}
