/** Which conversations are with whom: a wish to write names a person, or a group. */

import { InfrasoundError } from '../error.js';
import type { CoreConversation } from '../shared/core_types.js';
import type { Line } from './line.js';

export class Places {
  /** The handle of the other person of a direct conversation; `undefined` for a group. */
  readonly #known = new Map<string, string | undefined>();

  constructor(private readonly line: Line) {}

  observe({ id, person }: CoreConversation): void {
    this.#known.set(id, person?.handle);
  }

  /** Forgets all: somebody else may sign in. */
  clear(): void {
    this.#known.clear();
  }

  /** With whom a conversation is; `undefined` if it is a group. */
  async personOf(id: string): Promise<string | undefined> {
    if (!this.#known.has(id)) {
      const { answer } = await this.line.call('look', {});
      for (const conversation of answer.conversations) this.observe(conversation);
    }
    if (!this.#known.has(id)) {
      throw new InfrasoundError('not-found', 'there is no such conversation on this device');
    }
    return this.#known.get(id);
  }
}
