/** Something that others watch. Changes within one task are told once, after it. */
export class Observable {
  readonly #watchers = new Set<() => void>();
  #told = false;

  /** Calls back after each change, until the answer is called. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** To be called after a change. */
  changed(): void {
    if (this.#told) return;
    this.#told = true;
    queueMicrotask(() => {
      this.#told = false;
      for (const watcher of this.#watchers) watcher();
    });
  }
}
