/** Whose store this is: stored beside the keys. It names the relay, and no person. */

import type { CallId } from '../shared/wire.js';
import { settled, type Database, type StoreName } from './database.js';
import { DRAFTS } from './drafts.js';
import { KEPT } from './spool.js';
import { Vault } from './vault.js';

const TENANT = 'tenant';
/** What goes with a device. */
const OF_ONE_DEVICE: StoreName[] = ['records', 'calls', 'blobs', 'parts'];
/** And what is stored beside its keys. */
const BESIDE_ITS_KEYS = [DRAFTS, KEPT];

export interface Tenant {
  relay: string;
  /** The call that makes this browser a device: sent again, it is known. */
  call: CallId;
  /** Whether the relay has confirmed the device. */
  registered: boolean;
}

export async function loadTenant(database: Database): Promise<Tenant | undefined> {
  return database.read('meta', (meta) => settled(meta.get(TENANT) as IDBRequest<Tenant | undefined>));
}

/** Begins a store for a new device: nothing of an earlier one remains. */
export async function beginStore(database: Database, vault: Vault, tenant: Tenant): Promise<void> {
  await database.write(OF_ONE_DEVICE, (store) => {
    // First: a browser that cannot store keys says so before anything is gone.
    vault.store(store('meta'));
    store('meta').put(tenant, TENANT);
    clear(store);
  });
}

export async function storeTenant(database: Database, tenant: Tenant): Promise<void> {
  await database.write([], (store) => store('meta').put(tenant, TENANT));
}

/** Erases everything of a device: its keys with it, so that what a disk may still hold opens no more. */
export async function eraseStore(database: Database): Promise<void> {
  await database.write(OF_ONE_DEVICE, (store) => {
    clear(store);
    // The term stays: an earlier leader must not be able to write.
    Vault.erase(store('meta'));
    store('meta').delete(TENANT);
  });
}

function clear(store: (name: StoreName) => IDBObjectStore): void {
  for (const name of OF_ONE_DEVICE) store(name).clear();
  for (const name of BESIDE_ITS_KEYS) store('meta').delete(name);
}
