/** A link of devices as the page follows it: its states, and what the person says to them. */

import type { LinkState } from '../api.js';
import type { Line } from './line.js';
import { all } from './latest.js';
import type { Wishes } from './wishes.js';

export class Link {
  readonly #past: LinkState[] = [];
  readonly #listeners = new Set<(state: LinkState) => void>();
  readonly #stops: (() => void)[];
  #isOver = false;

  /** `id` is the call that began it on a new device; an old one has one link at a time. */
  constructor(
    private readonly line: Line,
    private readonly wishes: Wishes,
    private readonly id: string | undefined,
    /** The client is closed: nothing more is heard of it. */
    private readonly closed: AbortSignal,
  ) {
    this.#stops = [
      line.onNotice((notice) => {
        if (notice.type === 'link' && notice.id === this.id) this.#add(notice.state);
      }),
    ];
  }

  /** All states so far, then those that follow, to the last. */
  watch(): AsyncIterable<LinkState> {
    const listen = (each: (state: LinkState) => void): (() => void) => {
      for (const state of this.#past) each(state);
      this.#listeners.add(each);
      return () => this.#listeners.delete(each);
    };
    return all(listen, this.closed, isLast);
  }

  confirm(): Promise<void> {
    return this.wishes.give({ wish: 'confirmLink' });
  }

  async cancel(): Promise<void> {
    if (this.#isOver) return;
    await this.wishes.give({ wish: 'cancelLink' });
    this.#add({ step: 'failed', message: 'the link was given up' });
  }

  /** The leader has begun it. It lives in the leader's memory, and ends with it. */
  begun(): this {
    const ended: LinkState = { step: 'failed', message: 'the page that linked was closed: begin again' };
    this.#stops.push(this.line.onTerm(() => this.#add(ended)));
    return this;
  }

  /** It did not begin. */
  drop(): void {
    for (const stop of this.#stops) stop();
  }

  #add(state: LinkState): void {
    if (this.#isOver) return;
    this.#past.push(state);
    for (const each of this.#listeners) each(state);
    if (!isLast(state)) return;
    this.#isOver = true;
    for (const stop of this.#stops) stop();
  }
}

function isLast({ step }: LinkState): boolean {
  return step === 'done' || step === 'failed';
}
