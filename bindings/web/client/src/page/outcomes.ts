/** How wishes that were queued end: for whoever waits for a message to be in the log, or a group to have changed. */

import { InfrasoundError } from '../error.js';
import { codeOf } from '../shared/codes.js';
import type { CoreEvent } from '../shared/core_types.js';

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
    switch (event.type) {
      case 'messageState':
        if (event.state.step === 'failed') {
          this.#end(event.message, new InfrasoundError('refused', event.state.reason));
        } else if (event.state.step !== 'pending') {
          this.#end(event.message, 'done');
        }
        break;
      case 'changed':
        this.#end(event.object, 'done');
        break;
      case 'failed':
        this.#end(event.object, new InfrasoundError(codeOf(event), event.text));
    }
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

  /** What is waited for still. */
  get open(): string[] {
    return [...this.#waiting.keys()];
  }

  /** What was found out of one in another way than by an event. */
  end(object: string, outcome: Outcome): void {
    this.#end(object, outcome);
  }

  #end(object: string, outcome: Outcome): void {
    this.#known.delete(object);
    this.#known.set(object, outcome);
    const [oldest] = this.#known.keys();
    if (this.#known.size > REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
    for (const { resolve, reject } of this.#waiting.get(object) ?? []) {
      if (outcome === 'done') resolve();
      else reject(outcome);
    }
    this.#waiting.delete(object);
  }
}
