/** What is being written into conversations, kept sealed: in one record, so that the store does not show where somebody writes. */

import type { KeptDraft } from '../api.js';
import { settled, type Database } from './database.js';
import type { Vault } from './vault.js';

/** Its name among what is stored beside the keys, and what it is sealed for. */
export const DRAFTS = 'drafts';

export class Drafts {
  #all: Promise<Map<string, KeptDraft>> | undefined;
  /** One is written after the other. */
  #written: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly database: Database,
    private readonly vault: Vault,
  ) {}

  async of(conversation: string): Promise<KeptDraft | undefined> {
    return (await this.#read()).get(conversation);
  }

  /** Keeps a draft in place of the one before, or none. A crash may lose the last one. */
  keep(conversation: string, draft: KeptDraft | undefined): Promise<void> {
    const written = this.#written.then(() => this.#keep(conversation, draft));
    this.#written = written.catch(() => undefined);
    return written;
  }

  async #keep(conversation: string, draft: KeptDraft | undefined): Promise<void> {
    const all = await this.#read();
    if (draft) all.set(conversation, draft);
    else if (!all.delete(conversation)) return;
    const sealed = await this.vault.seal(DRAFTS, [...all]);
    await this.database.write([], (store) => store('meta').put(sealed, DRAFTS), 'relaxed');
  }

  #read(): Promise<Map<string, KeptDraft>> {
    return (this.#all ??= this.#load());
  }

  /** Drafts that do not open are none: nothing else depends on them. */
  async #load(): Promise<Map<string, KeptDraft>> {
    const sealed: unknown = await this.database.read('meta', (meta) => settled(meta.get(DRAFTS)));
    if (sealed === undefined) return new Map();
    const all = await this.vault.open<[string, KeptDraft][]>(DRAFTS, sealed).catch(() => []);
    return new Map(all);
  }
}
