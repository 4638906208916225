/**
 * A tab's worker: it stands for election, and leads when it is elected.
 *
 * The election is a lock that the leader holds for as long as its worker lives. When its tab is closed or killed the browser
 * hands the lock to the worker of another tab, which opens the device from the database and takes over.
 */

import { toPlain } from '../error.js';
import type { Begin, Broken } from '../shared/wire.js';
import { Leader } from './leader.js';

/** The worker is of no more use: its page replaces it. A page that is frozen does so later; the lock goes at once. */
function broken(error: unknown, led: boolean): void {
  self.postMessage({ type: 'broken', error: toPlain(error), led } satisfies Broken);
  self.close();
}

self.addEventListener(
  'message',
  ({ data: { store, wasmUrl } }: MessageEvent<Begin>) => {
    void navigator.locks
      .request(`infrasound/${store}`, async () => {
        await new Leader(store, wasmUrl, (error) => broken(error, true)).lead();
        await new Promise(() => undefined);
      })
      .catch((error: unknown) => broken(error, false));
  },
  { once: true },
);
