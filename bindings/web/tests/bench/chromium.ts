/** A process of Chromium with a profile on the disk: in a context without one, IndexedDB is in memory. */

import { chromium, type BrowserContext } from 'playwright-core';

import { environment } from '../support/environment.ts';

export function launch(profile: string): Promise<BrowserContext> {
  const { executablePath, flags: args } = environment;
  return chromium.launchPersistentContext(profile, { executablePath, args, viewport: { width: 1360, height: 860 } });
}
