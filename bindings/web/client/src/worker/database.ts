/**
 * The browser's store of one device: an IndexedDB database.
 *
 * | object store | key | what |
 * |---|---|---|
 * | `records` | scope, name | the core's sealed records |
 * | `meta` | a name | the term, the device's tenant, the storage key under its wrapping key (`vault.ts`), drafts, which files are kept |
 * | `calls` | call id | answers of calls that their tabs do not have yet, sealed (see `shared/wire.ts`) |
 * | `blobs` | blob, index | sealed files on their way to the relay (`spool.ts`) |
 * | `parts` | blob, offset | sealed files on their way from it |
 *
 * A write is durable when its transaction has completed, and is refused to a leader whose term is over.
 */

import { InfrasoundError, storageForbidden, storageFull } from '../error.js';

const FORMAT = 1;

export type StoreName = 'records' | 'meta' | 'calls' | 'blobs' | 'parts';
const STORES: StoreName[] = ['records', 'meta', 'calls', 'blobs', 'parts'];

/** Another tab leads now: what this one still wants to write is refused. */
export class TermOver extends InfrasoundError {
  constructor() {
    super('closed', 'another tab leads now');
  }
}

export class Database {
  #lost = false;
  #term = 0;

  private constructor(
    private readonly db: IDBDatabase,
    lost: () => void,
  ) {
    // The browser or the person has deleted it under our hands.
    db.onclose = () => {
      this.#lost = true;
      lost();
    };
    // It is to be deleted, or another version of this app wants to change its format: both wait until this one is gone.
    db.onversionchange = () => {
      db.close();
      this.#lost = true;
      lost();
    };
  }

  /** Opens the database or makes it. `lost` is called if it is deleted while it is open. */
  static async open(store: string, lost: () => void): Promise<Database> {
    try {
      const request = indexedDB.open(`infrasound/${store}`, FORMAT);
      request.onupgradeneeded = () => {
        for (const name of STORES) request.result.createObjectStore(name);
      };
      return new Database(await settled(request), lost);
    } catch (error) {
      throw openingFailed(error);
    }
  }

  get term(): number {
    return this.#term;
  }

  /** Begins this leader's term: from now on no earlier one can write. */
  async beginTerm(): Promise<number> {
    return this.#guard(async () => {
      const transaction = this.db.transaction('meta', 'readwrite', { durability: 'strict' });
      const meta = transaction.objectStore('meta');
      const last: unknown = await settled(meta.get('term'));
      // Greater than that of a store which was deleted, too.
      const term = Math.max(typeof last === 'number' ? last + 1 : 1, Date.now());
      meta.put(term, 'term');
      await completed(transaction);
      this.#term = term;
      return term;
    });
  }

  /** Reads something in one transaction. */
  async read<T>(name: StoreName, read: (store: IDBObjectStore) => Promise<T>): Promise<T> {
    return this.#guard(() => read(this.db.transaction(name, 'readonly').objectStore(name)));
  }

  /**
   * Writes all or nothing. Durable when this returns, unless it is said that it need not be.
   * `change` makes its requests at once and waits for nothing.
   */
  async write(
    names: StoreName[],
    change: (stores: (name: StoreName) => IDBObjectStore) => void,
    durability: IDBTransactionDurability = 'strict',
  ): Promise<void> {
    return this.#guard(async () => {
      const scope = [...new Set<StoreName>(['meta', ...names])];
      const transaction = this.db.transaction(scope, 'readwrite', { durability });
      const done = completed(transaction);
      let over = false;
      const term = transaction.objectStore('meta').get('term');
      term.onsuccess = () => {
        over = term.result !== this.#term;
        if (over) transaction.abort();
      };
      try {
        change((name) => transaction.objectStore(name));
        await done;
      } catch (error) {
        done.catch(() => undefined);
        abort(transaction);
        throw over ? new TermOver() : error;
      }
    });
  }

  close(): void {
    this.db.close();
  }

  async #guard<T>(use: () => Promise<T>): Promise<T> {
    try {
      return await use();
    } catch (error) {
      if (this.#lost) throw storageLost(error);
      throw usingFailed(error);
    }
  }
}

/** Nothing of it is kept, whatever was asked of it before something went wrong. */
function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It is over already.
  }
}

/** Deletes all of it, whatever state it is in. */
export async function deleteDatabase(store: string): Promise<void> {
  try {
    await settled(indexedDB.deleteDatabase(`infrasound/${store}`));
  } catch (error) {
    throw openingFailed(error);
  }
}

/** The result of a request. */
export function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new DOMException('the request failed', 'UnknownError'));
  });
}

function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () =>
      reject(transaction.error ?? new DOMException('the transaction was aborted', 'AbortError'));
  });
}

export function storageLost(cause?: unknown): InfrasoundError {
  return new InfrasoundError('storage-lost', 'the browser has deleted what was stored here', { cause });
}

function openingFailed(error: unknown): unknown {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'QuotaExceededError') return storageFull(error);
  if (name === 'VersionError') {
    const text = 'this was stored by a newer version: reload the page, or update the app';
    return new InfrasoundError('newer-version', text, { cause: error });
  }
  if (name === 'SecurityError' || name === 'InvalidStateError') return storageForbidden(error);
  return usingFailed(error);
}

function usingFailed(error: unknown): unknown {
  if (!(error instanceof DOMException)) return error;
  switch (error.name) {
    case 'QuotaExceededError':
      return storageFull(error);
    case 'InvalidStateError':
    case 'NotFoundError':
      return storageLost(error);
    case 'AbortError':
    case 'UnknownError':
      return new InfrasoundError('internal', `the browser's store does not work just now: ${error.message}`, { cause: error });
    case 'DataCloneError':
      // Some browsers store no keys in private windows.
      return storageForbidden(error);
    default:
      return new InfrasoundError('storage-damaged', `the browser's store does not work: ${error.message}`, { cause: error });
  }
}
