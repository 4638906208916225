/**
 * The spool: sealed bytes of files, on their way to the relay or from it, or kept as they came. It holds nothing in clear.
 *
 * Spec: `blobs.md` 4.
 */

import type { Bytes } from '../shared/bytes.js';
import { settled, type Database, type StoreName } from './database.js';

interface Part {
  at: number;
  bytes: Bytes;
}

/** What was fetched in part goes when nobody has gone on for so long. */
const PART_LIFETIME = 7 * 24 * 60 * 60 * 1000;
/** So many bytes of what was opened are kept; what was opened longest ago goes first. */
const MOST_KEPT = 128 * 1024 * 1024;

/** Under which name stands what is kept: the one that was opened last comes last. */
export const KEPT = 'kept';
interface Kept {
  blob: string;
  size: number;
}

export class Spool {
  constructor(private readonly database: Database) {}

  /** Deletes what no intent names, and parts that were given up. */
  async keepOnly(blobs: string[]): Promise<void> {
    const wanted = new Set(blobs);
    const before = Date.now() - PART_LIFETIME;
    await this.database.write(
      ['blobs', 'parts'],
      (store) => {
        const [sealed, parts] = [store('blobs'), store('parts')];
        eachKey(sealed, (key) => {
          if (!wanted.has(key[0])) sealed.delete(key);
        });
        whatIsKept(store('meta'), (kept) => {
          const names = new Set(kept.map(({ blob }) => blob));
          eachKey(parts, (key) => {
            if (!names.has(key[0])) deleteOlder(parts, key, before);
          });
        });
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

  /** Keeps what was fetched whole and opened, in place of what was opened longest ago. If that fails it is fetched again. */
  async keep(blob: string, size: number): Promise<void> {
    const change = (store: (name: StoreName) => IDBObjectStore): void =>
      whatIsKept(store('meta'), (before) => {
        const kept = [...before.filter((other) => other.blob !== blob), { blob, size }];
        let total = kept.reduce((sum, each) => sum + each.size, 0);
        while (total > MOST_KEPT) {
          const oldest = kept.shift();
          if (!oldest) break;
          total -= oldest.size;
          store('parts').delete(all(oldest.blob));
        }
        store('meta').put(kept, KEPT);
      });
    await this.database.write(['parts'], change, 'relaxed').catch(() => undefined);
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

function whatIsKept(meta: IDBObjectStore, then: (kept: Kept[]) => void): void {
  const request = meta.get(KEPT) as IDBRequest<Kept[] | undefined>;
  request.onsuccess = () => then(request.result ?? []);
}

/** Visits each piece by its key: the bytes are not read. */
function eachKey(store: IDBObjectStore, visit: (key: [string, number]) => void): void {
  const request = store.openKeyCursor();
  request.onsuccess = () => {
    const cursor = request.result;
    if (!cursor) return;
    visit(cursor.key as [string, number]);
    cursor.continue();
  };
}

function deleteOlder(parts: IDBObjectStore, key: [string, number], before: number): void {
  const request = parts.get(key) as IDBRequest<Part | undefined>;
  request.onsuccess = () => {
    if (request.result && request.result.at < before) parts.delete(key);
  };
}
