/** What is measured, in order. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { measureCore } from './core.ts';
import { measureStart } from './start.ts';

export interface Folders {
  /** What `bench-web` has set up. */
  stage: string;
  /** A temporary folder on the disk, with the worker's bundle. */
  folder: string;
  /** The app as it was built. */
  app: string;
  /** The package as it was built. */
  wasm: string;
}

/** `stage.json`. */
export interface Stage {
  relay: string;
  conversation: string;
  friend: string;
  joiners: string[];
  listed: string[];
}

export async function measure(folders: Folders): Promise<void> {
  const stage = JSON.parse(readFileSync(join(folders.stage, 'stage.json'), 'utf8')) as Stage;
  await measureStart(folders, stage);
  await measureCore(folders, stage);
}

/** Prints what was measured. */
export function tell(measured: string, values: number[]): void {
  console.log(JSON.stringify({ measured, values }));
}
