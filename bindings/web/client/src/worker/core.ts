/** The core as WebAssembly: what the crate `infrasound-web` exports, typed. */

import init, {
  BlobCheck as WasmBlobCheck,
  BlobSealer as WasmBlobSealer,
  Core as WasmCore,
  Newcomer as WasmNewcomer,
} from '../../wasm/infrasound_web.js';
import { InfrasoundError, toInfrasoundError } from '../error.js';
import { isCoreError } from '../shared/codes.js';
import type {
  CoreConversation,
  CoreInput,
  CoreLook,
  CoreOutput,
  CoreStanding,
  StoredRecord,
} from '../shared/core_types.js';

/** What a host drives: the client, or a device that is being linked. */
export interface Machine {
  outputs(): CoreOutput[];
  handle(input: CoreInput, now: number): CoreOutput[];
  free(): void;
}

export interface Core extends Machine {
  look(): CoreLook;
  standing(): CoreStanding;
  conversation(id: string): CoreConversation | undefined;
  conversationWith(handle: string): string | undefined;
}

export interface BlobSealer {
  push(bytes: Uint8Array): Uint8Array;
  finish(): { sealed: Uint8Array; reference: object };
  readonly id: string;
  free(): void;
}

export interface BlobCheck {
  push(sealed: Uint8Array): void;
  finish(): BlobOpener;
  free(): void;
}

export interface BlobOpener {
  push(sealed: Uint8Array): Uint8Array;
  finish(): void;
  free(): void;
}

/** The core has panicked. Its memory is of no more use: the worker must be replaced. */
export class CorePanic extends Error {
  override readonly name = 'CorePanic';
}

export async function loadCore(wasmUrl: string | undefined): Promise<void> {
  try {
    await init({ module_or_path: wasmUrl ?? new URL('./infrasound_web_bg.wasm', import.meta.url) });
  } catch (error) {
    throw new InfrasoundError('unsupported-browser', `the core could not be loaded: ${String(error)}`, { cause: error });
  }
}

export function registerCore(
  key: Uint8Array,
  signedIn: object,
  deviceName: string,
  startOver: boolean,
): Core {
  return guarded(() => WasmCore.register(key, JSON.stringify(signedIn), deviceName, startOver, Date.now()) as Core);
}

export function openCore(key: Uint8Array, records: StoredRecord[]): Core {
  return guarded(() => WasmCore.open(key, records, Date.now()) as Core);
}

export function beginNewcomer(key: Uint8Array, signedIn: object, deviceName: string): Machine {
  return guarded(() => WasmNewcomer.begin(key, JSON.stringify(signedIn), deviceName, Date.now()) as Machine);
}

export function makeSealer(size: number): BlobSealer {
  return guarded(() => new WasmBlobSealer(size) as BlobSealer);
}

export function makeCheck(reference: object): BlobCheck {
  return guarded(() => new WasmBlobCheck(reference) as BlobCheck);
}

/** Calls into the core. What it refuses is thrown with its code; what it cannot survive is a {@link CorePanic}. */
export function guarded<T>(call: () => T): T {
  try {
    return call();
  } catch (thrown) {
    if (isCoreError(thrown)) throw toInfrasoundError(thrown);
    throw new CorePanic(thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
  }
}

/** How many sealed bytes a blob has. */
export function sealedSize(reference: object): number {
  return guarded(() => WasmBlobCheck.sealedSize(reference));
}
