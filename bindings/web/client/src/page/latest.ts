/** Async iterables for a UI: the present value first, then the latest; a slow reader misses what was in between. */

export interface Watched<T> {
  /** The present value, if there is one yet. */
  read: () => T | undefined;
  /** Calls `changed` at each change, until what it returns is called. */
  listen: (changed: () => void) => () => void;
}

/** The present value when it is asked for, then the latest. It listens from the first `next` on. */
export function latest<T>({ read, listen }: Watched<T>, signal?: AbortSignal): Reading<T> {
  let isNew = true;
  const take = (): T | undefined => {
    if (!isNew) return undefined;
    isNew = false;
    return read();
  };
  const changed = (there: () => void) => () => {
    isNew = true;
    there();
  };
  return new Reading(take, (there) => listen(changed(there)), signal);
}

/** Every value, in order, from now on: it listens from the call on, and keeps what was not read yet. */
export function all<T>(
  listen: (each: (value: T) => void) => () => void,
  signal?: AbortSignal,
  isLast: (value: T) => boolean = () => false,
): Reading<T> {
  const waiting: T[] = [];
  const add = (there: () => void) => (value: T) => {
    waiting.push(value);
    there();
  };
  const reading = new Reading(() => waiting.shift(), (there) => listen(add(there)), signal, isLast);
  reading.listen();
  return reading;
}

/**
 * An iterator that waits for values. A generator would end only where it yields: this one stops listening as soon as it is
 * returned from or its signal is aborted, whether or not anybody has begun to read, or waits.
 */
class Reading<T> implements AsyncIterableIterator<T, undefined> {
  readonly #readers: ((result: IteratorResult<T, undefined>) => void)[] = [];
  #stop: (() => void) | undefined;
  #isOver = false;

  constructor(
    /** The next value, if there is one. */
    private readonly take: () => T | undefined,
    private readonly begin: (there: () => void) => () => void,
    private readonly signal?: AbortSignal,
    private readonly isLast: (value: T) => boolean = () => false,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  listen(): void {
    if (this.#stop || this.#isOver) return;
    if (this.signal?.aborted) return this.#end();
    this.signal?.addEventListener('abort', this.#end);
    this.#stop = this.begin(() => this.#give());
  }

  next(): Promise<IteratorResult<T, undefined>> {
    this.listen();
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#readers.push(resolve);
      this.#give();
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #give(): void {
    while (this.#readers.length > 0) {
      const value = this.take();
      if (value === undefined) return;
      this.#readers.shift()?.({ done: false, value });
      if (this.isLast(value)) this.#end();
    }
  }

  readonly #end = (): void => {
    this.#isOver = true;
    this.#stop?.();
    this.signal?.removeEventListener('abort', this.#end);
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
  };
}
