/**
 * Subresource integrity: every script and style that `index.html` names carries the digest of its bytes, and each module
 * that those lead to is preloaded with its own, which browsers then hold the import to.
 */
import { createHash } from 'node:crypto';

import type { Plugin } from 'vite';

export function digest(bytes: string | Uint8Array): string {
  return `sha384-${createHash('sha384').update(bytes).digest('base64')}`;
}

export function integrity(): Plugin {
  return {
    name: 'infrasound-integrity',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const page = bundle['index.html'];
        if (page?.type !== 'asset') return;
        const bytes = (name: string) => {
          const file = bundle[name];
          return file && (file.type === 'chunk' ? file.code : file.source);
        };
        const named = new Set<string>();
        const html = String(page.source).replace(
          /<(script|link)\b([^>]*?)\s(src|href)="\.\/([^"]+\.(?:js|css))"([^>]*)>/g,
          (tag, element, before, attribute, name, after) => {
            const content = bytes(name);
            if (content === undefined) return tag;
            named.add(name);
            return `<${element}${before} ${attribute}="./${name}"${after} integrity="${digest(content)}">`;
          },
        );
        const lazy = Object.values(bundle)
          .filter((file) => file.type === 'chunk' && !file.isEntry && !named.has(file.fileName))
          .map((file) => `    <link rel="modulepreload" crossorigin href="./${file.fileName}" integrity="${digest(bytes(file.fileName) ?? '')}">\n`);
        page.source = html.replace('  </head>', `${lazy.join('')}  </head>`);
      },
    },
  };
}
