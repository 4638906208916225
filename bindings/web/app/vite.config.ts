import { defineConfig } from 'vite';

import { installable } from './build/installable.ts';
import { integrity } from './build/integrity.ts';
import { serviceWorker } from './build/service-worker.ts';

export default defineConfig({
  // Every address is relative, so that the app works under any path and `messenger.js` from any page.
  base: './',
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: 'index.html', messenger: 'src/embed.ts' },
      preserveEntrySignatures: 'allow-extension',
      output: {
        // The one name that other people's pages know; all else changes its name with its content.
        entryFileNames: (chunk) => (chunk.name === 'messenger' ? 'messenger.js' : 'assets/[name]-[hash].js'),
      },
    },
  },
  worker: { format: 'es' },
  plugins: [installable(), integrity(), serviceWorker()],
});
