/** Values that are read once, kept up by notices, and read again when some may have been missed. */

import { toInfrasoundError } from '../error.js';
import { latest } from './latest.js';

export class Kept<T> {
  #value: T | undefined;
  #listeners = new Set<() => void>();
  #load = 0;

  constructor(private readonly fetch: () => Promise<T>) {}

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  set(value: T): void {
    // What is being read is older than this.
    this.#load += 1;
    this.#value = value;
    for (const changed of this.#listeners) changed();
  }

  /** Changes the value, if there is one. */
  update(change: (value: T) => T): void {
    if (this.#value === undefined) return;
    this.#value = change(this.#value);
    for (const changed of this.#listeners) changed();
  }

  /** Reads it again, if anybody watches. What cannot be read now is read at the next occasion. */
  async reload(): Promise<void> {
    if (!this.isWatched) {
      this.#value = undefined;
      return;
    }
    const load = ++this.#load;
    try {
      const value = await this.fetch();
      if (load !== this.#load) return;
      this.#value = value;
      for (const changed of this.#listeners) changed();
    } catch (error) {
      if (toInfrasoundError(error).code === 'internal') throw error;
    }
  }

  watch(signal?: AbortSignal): AsyncIterable<T> {
    return latest(
      {
        read: () => this.#value,
        listen: (changed) => {
          this.#listeners.add(changed);
          if (this.#value === undefined) void this.reload();
          return () => {
            this.#listeners.delete(changed);
            // Nobody keeps it up any more.
            if (!this.isWatched) this.#value = undefined;
          };
        },
      },
      signal,
    );
  }
}
