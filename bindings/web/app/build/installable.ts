/** What an installed app needs: its manifest, and its icons, made from `src/page/icon.svg`, so that no picture is kept twice. */
import { readFile } from 'node:fs/promises';

import { Resvg } from '@resvg/resvg-js';
import type { Plugin } from 'vite';

const SIZES = [180, 192, 512];

export function installable(): Plugin {
  return {
    name: 'infrasound-installable',
    apply: 'build',
    async generateBundle() {
      const read = (name: string) => readFile(new URL(`../src/page/${name}`, import.meta.url), 'utf8');
      this.emitFile({ type: 'asset', fileName: 'manifest.webmanifest', source: await read('manifest.webmanifest') });
      const svg = await read('icon.svg');
      this.emitFile({ type: 'asset', fileName: 'icon.svg', source: svg });
      for (const size of SIZES) {
        const picture = new Resvg(svg, { fitTo: { mode: 'width', value: size } }).render().asPng();
        this.emitFile({ type: 'asset', fileName: `icon-${size}.png`, source: picture });
      }
    },
  };
}
