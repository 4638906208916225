/**
 * The storage key: 32 random bytes that the core seals everything under.
 *
 * It is stored encrypted under a key of WebCrypto that cannot be extracted: whoever copies the database has the one only
 * as ciphertext and the other only as a handle that this browser, on this origin, can use.
 */

import { InfrasoundError } from '../error.js';
import type { Bytes } from '../shared/bytes.js';
import { settled, type Database } from './database.js';

const KEY = 'key';
const WRAPPED = 'storage-key';
const NONCE = 12;

interface Sealed {
  nonce: Bytes;
  bytes: ArrayBuffer;
}

export class Vault {
  private constructor(
    private readonly wrapping: CryptoKey,
    /** For the core. */
    readonly storageKey: Bytes,
    private readonly wrapped: Sealed,
  ) {}

  /** Makes new keys; {@link Vault.store} puts them into a transaction. */
  static async make(): Promise<Vault> {
    const wrapping = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
    const storageKey = crypto.getRandomValues(new Uint8Array(32));
    return new Vault(wrapping, storageKey, await encrypt(wrapping, WRAPPED, storageKey));
  }

  /** The keys that are stored, if there are any. */
  static async open(database: Database): Promise<Vault | undefined> {
    const [wrapping, wrapped] = await database.read('meta', async (meta) => {
      const stored = [settled(meta.get(KEY)), settled(meta.get(WRAPPED))] as const;
      return Promise.all(stored) as Promise<[CryptoKey | undefined, Sealed | undefined]>;
    });
    if (!wrapping || !wrapped) return undefined;
    try {
      return new Vault(wrapping, await decrypt(wrapping, WRAPPED, wrapped), wrapped);
    } catch (error) {
      throw new InfrasoundError('storage-damaged', 'the storage key does not open', { cause: error });
    }
  }

  store(meta: IDBObjectStore): void {
    meta.put(this.wrapping, KEY);
    meta.put(this.wrapped, WRAPPED);
  }

  static erase(meta: IDBObjectStore): void {
    for (const name of [KEY, WRAPPED]) meta.delete(name);
  }

  /** Seals what the host itself keeps, for one purpose. */
  async seal(purpose: string, value: unknown): Promise<unknown> {
    return encrypt(this.wrapping, purpose, new TextEncoder().encode(JSON.stringify(value)));
  }

  async open<T>(purpose: string, sealed: unknown): Promise<T> {
    return JSON.parse(new TextDecoder().decode(await decrypt(this.wrapping, purpose, sealed as Sealed))) as T;
  }
}

async function encrypt(key: CryptoKey, purpose: string, bytes: Bytes): Promise<Sealed> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE));
  return { nonce, bytes: await crypto.subtle.encrypt(parameters(nonce, purpose), key, bytes) };
}

async function decrypt(key: CryptoKey, purpose: string, { nonce, bytes }: Sealed): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.decrypt(parameters(nonce, purpose), key, bytes));
}

function parameters(iv: Bytes, purpose: string): AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(`infrasound ${purpose}`) };
}
