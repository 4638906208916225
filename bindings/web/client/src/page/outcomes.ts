/** How wishes that were queued end: for whoever waits for a message to be in the log, or a group to have changed. */

import { fromPlain, type InfrasoundError } from '../error.js';
import type { CoreEvent } from '../shared/core_types.js';
import { endOf } from '../shared/ends.js';
import type { ObjectOutcome } from '../shared/wire.js';

/** So many of the latest outcomes are remembered: an outcome may be heard of before the answer that names it. */
const REMEMBERED = 1024;

type Outcome = 'done' | InfrasoundError;

interface Waiting {
  resolve: () => void;
  reject: (error: InfrasoundError) => void;
}

export class Outcomes {
  readonly #known = new Map<string, Outcome>();
  readonly #waiting = new Map<string, Waiting[]>();

  /** Takes an event in. */
  observe(event: CoreEvent): void {
    const ended = endOf(event);
    if (ended) this.end(...ended);
  }

  /** Resolves when it has happened; rejects if it cannot. */
  async of(object: string): Promise<void> {
    const known = this.#known.get(object);
    if (known === 'done') return;
    if (known) throw known;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.set(object, [...(this.#waiting.get(object) ?? []), { resolve, reject }]);
    });
  }

  /** It is on its way again: how it ended before does not count. */
  forget(object: string): void {
    this.#known.delete(object);
  }

  /** What is waited for still. */
  get open(): string[] {
    return [...this.#waiting.keys()];
  }

  end(object: string, outcome: ObjectOutcome): void {
    const ended = outcome === 'done' ? outcome : fromPlain(outcome);
    this.#known.delete(object);
    this.#known.set(object, ended);
    const [oldest] = this.#known.keys();
    if (this.#known.size > REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
    for (const { resolve, reject } of this.#waiting.get(object) ?? []) {
      if (ended === 'done') resolve();
      else reject(ended);
    }
    this.#waiting.delete(object);
  }

  /** Nobody will say any more how they end. */
  fail(error: InfrasoundError): void {
    for (const all of this.#waiting.values()) for (const { reject } of all) reject(error);
    this.#waiting.clear();
    this.#known.clear();
  }
}
