/**
 * The spool: sealed bytes of files, on their way to the relay or from it. It holds nothing in clear.
 *
 * Spec: `blobs.md` 4.
 */

import type { Bytes } from '../shared/bytes.js';
import { settled, type Database } from './database.js';

interface Part {
  at: number;
  bytes: Bytes;
}

/** What was fetched in part goes when nobody has gone on for so long. */
const PART_LIFETIME = 7 * 24 * 60 * 60 * 1000;

export class Spool {
  constructor(private readonly database: Database) {}

  /** Deletes what no intent names, and parts that were given up. */
  async keepOnly(blobs: string[]): Promise<void> {
    const kept = new Set(blobs);
    const before = Date.now() - PART_LIFETIME;
    await this.database.write(
      ['blobs', 'parts'],
      (store) => {
        sweep(store('blobs'), (key) => !kept.has(key[0]));
        sweep(store('parts'), (_, value) => (value as Part).at < before);
      },
      'relaxed',
    );
  }

  /** Adds the next piece of a blob that is being sealed here. Durable when this returns. */
  async add(blob: string, offset: number, bytes: Bytes): Promise<void> {
    await this.database.write(['blobs'], (store) => store('blobs').put(bytes, [blob, offset]));
  }

  /** Some of a blob's sealed bytes; `undefined` if they are not there. */
  async read(blob: string, offset: number, length: number): Promise<Bytes | undefined> {
    const bytes = new Uint8Array(length);
    let there = 0;
    // Pieces are found from the last that begins at or before the offset.
    const first = await this.database.read('blobs', async (blobs) => {
      const cursor = await settled(blobs.openKeyCursor(IDBKeyRange.bound([blob, 0], [blob, offset]), 'prev'));
      return cursor ? (cursor.key as [string, number])[1] : undefined;
    });
    if (first === undefined) return undefined;
    const range = IDBKeyRange.bound([blob, first], [blob, offset + length], false, true);
    const [keys, pieces] = await this.database.read('blobs', (blobs) =>
      Promise.all([settled(blobs.getAllKeys(range)), settled(blobs.getAll(range) as IDBRequest<Bytes[]>)]),
    );
    for (const [index, piece] of pieces.entries()) {
      const at = (keys[index] as [string, number])[1];
      const from = Math.max(offset - at, 0);
      const slice = piece.subarray(from, Math.min(piece.length, offset + length - at));
      bytes.set(slice, at + from - offset);
      there += slice.length;
    }
    return there === length ? bytes : undefined;
  }

  /** Deletes a blob's sealed bytes. If that fails, the next opening does it. */
  async drop(blob: string): Promise<void> {
    await this.database.write(['blobs'], (store) => store('blobs').delete(all(blob)), 'relaxed').catch(() => undefined);
  }

  /** How much of a blob was fetched. */
  async fetched(blob: string): Promise<number> {
    return this.database.read('parts', async (parts) => {
      const last = await settled(parts.openCursor(all(blob), 'prev'));
      return last ? (last.key as [string, number])[1] + (last.value as Part).bytes.length : 0;
    });
  }

  /** Adds what was fetched next. That it is lost in a crash costs only that it is fetched again. */
  async append(blob: string, offset: number, bytes: Bytes): Promise<void> {
    const part: Part = { at: Date.now(), bytes };
    await this.database.write(['parts'], (store) => store('parts').put(part, [blob, offset]), 'relaxed');
  }

  /** What was fetched of a blob, piece by piece. */
  async *pieces(blob: string): AsyncGenerator<Bytes, void> {
    const keys = await this.database.read('parts', (parts) => settled(parts.getAllKeys(all(blob))));
    for (const key of keys) {
      const part = await this.database.read('parts', (parts) => settled(parts.get(key) as IDBRequest<Part>));
      yield part.bytes;
    }
  }

  async forget(blob: string): Promise<void> {
    await this.database.write(['parts'], (store) => store('parts').delete(all(blob)), 'relaxed');
  }
}

function all(blob: string): IDBKeyRange {
  return IDBKeyRange.bound([blob], [blob, []]);
}

function sweep(store: IDBObjectStore, isOver: (key: [string, number], value: unknown) => boolean): void {
  const request = store.openCursor();
  request.onsuccess = () => {
    const cursor = request.result;
    if (!cursor) return;
    if (isOver(cursor.key as [string, number], cursor.value)) cursor.delete();
    cursor.continue();
  };
}
