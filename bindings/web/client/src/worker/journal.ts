/** The core's records in the database, and with them the answers of calls. */

import type { CoreAnswer, CoreFailure, CoreOutput, StoredRecord } from '../shared/core_types.js';
import type { CallId, ObjectOutcome } from '../shared/wire.js';
import { settled, type Database } from './database.js';
import type { Vault } from './vault.js';

export type Batch = Extract<CoreOutput, { type: 'persist' }>;

/** How a wish of a call ended. */
export type Outcome = { done: CoreAnswer } | { failed: CoreFailure };

/** What is noted with a write: the answer of a call, or how a queued wish ended, under their ids. */
export type Noted = ['call', CallId, Outcome] | ['object', string, ObjectOutcome];

/** An answer that nobody has asked for in so long belongs to a tab that is gone. */
const LIFETIME = 24 * 60 * 60 * 1000;

const ROOT = new Uint8Array(16);

interface StoredOutcome {
  at: number;
  sealed: unknown;
}

export class Journal {
  /** Calls whose answers have arrived: forgotten with the next write. */
  #had: CallId[] = [];

  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
  ) {}

  /**
   * Writes batches, and the outcomes of the calls that they are of, in one transaction. Durable when this returns. It writes
   * nothing if it is over by the time that all is sealed.
   */
  async write(batches: Batch[], outcomes: Noted[], isOver: () => boolean): Promise<void> {
    const at = Date.now();
    const sealed = await Promise.all(
      outcomes.map(async ([kind, id, outcome]) => {
        const key = `${kind} ${id}`;
        return [key, { at, sealed: await this.vault.seal(key, outcome) }] as const;
      }),
    );
    if (isOver()) return;
    const had = this.#had.splice(0);
    await this.database.write(['records', 'calls'], (store) => {
      const [records, calls] = [store('records'), store('calls')];
      for (const { put, delete: deleted } of batches) {
        for (const { scope, name, value } of put) records.put(value, [scope, name] as IDBValidKey);
        for (const { scope, name } of deleted) records.delete([scope, name] as IDBValidKey);
      }
      for (const [key, outcome] of sealed) calls.put(outcome, key);
      for (const id of had) calls.delete(`call ${id}`);
    });
  }

  async root(): Promise<StoredRecord[]> {
    return this.read(ROOT);
  }

  /** All records of a scope. */
  async read(scope: Uint8Array): Promise<StoredRecord[]> {
    const range = IDBKeyRange.bound([scope] as IDBValidKey, [scope, []] as IDBValidKey);
    const [keys, values] = await this.database.read('records', (records) =>
      Promise.all([settled(records.getAllKeys(range)), settled(records.getAll(range) as IDBRequest<Uint8Array[]>)]),
    );
    return values.map((value, index) => {
      const [, name] = keys[index] as [ArrayBuffer, ArrayBuffer];
      return { name: new Uint8Array(name), value };
    });
  }

  /** How a call of an earlier term ended, if it did. */
  outcome(id: CallId): Promise<Outcome | undefined> {
    return this.#noted(`call ${id}`);
  }

  /** How a queued wish ended, if it did not long ago. */
  objectOutcome(id: string): Promise<ObjectOutcome | undefined> {
    return this.#noted(`object ${id}`);
  }

  async #noted<T>(key: string): Promise<T | undefined> {
    const stored = await this.database.read('calls', (calls) =>
      settled(calls.get(key) as IDBRequest<StoredOutcome | undefined>),
    );
    return stored && this.vault.open<T>(key, stored.sealed);
  }

  /** The tab has the answer of this call. */
  has(id: CallId): void {
    this.#had.push(id);
  }

  /** Deletes answers that nobody will ask for. */
  async prune(): Promise<void> {
    const before = Date.now() - LIFETIME;
    const had = this.#had.splice(0);
    await this.database.write(
      ['calls'],
      (store) => {
        const calls = store('calls');
        for (const id of had) calls.delete(`call ${id}`);
        const request = calls.openCursor();
        request.onsuccess = () => {
          const cursor = request.result;
          if (!cursor) return;
          if ((cursor.value as StoredOutcome).at < before) cursor.delete();
          cursor.continue();
        };
      },
      'relaxed',
    );
  }
}
