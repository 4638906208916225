/** Async iterables for a UI: the present value first, then the latest; a slow reader misses what was in between. */

export interface Watched<T> {
  /** The present value, if there is one yet. */
  read: () => T | undefined;
  /** Calls `changed` at each change, until what it returns is called. */
  listen: (changed: () => void) => () => void;
}

export async function* latest<T>({ read, listen }: Watched<T>, signal?: AbortSignal): AsyncGenerator<T, void> {
  let wake: () => void = () => undefined;
  let isNew = true;
  const changed = (): void => {
    isNew = true;
    wake();
  };
  const stop = listen(changed);
  const given = (): void => wake();
  signal?.addEventListener('abort', given);
  try {
    while (!signal?.aborted) {
      const value = isNew ? read() : undefined;
      isNew = false;
      if (value !== undefined) {
        yield value;
        continue;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
        // It may have changed, or be over, since it was looked at.
        if (isNew || signal?.aborted) resolve();
      });
    }
  } finally {
    stop();
    signal?.removeEventListener('abort', given);
  }
}

/** Every value, in order, from now on. They are kept until they are read. */
export function all<T>(
  listen: (each: (value: T) => void) => () => void,
  signal?: AbortSignal,
): AsyncGenerator<T, void> {
  const waiting: T[] = [];
  let wake: () => void = () => undefined;
  // Listening begins with the call, not with the first `next`: nothing in between is missed.
  const stop = listen((value) => {
    waiting.push(value);
    wake();
  });
  const given = (): void => wake();
  signal?.addEventListener('abort', given);
  const generator = (async function* () {
    try {
      while (!signal?.aborted) {
        const value = waiting.shift();
        if (value !== undefined) yield value;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
            if (waiting.length > 0 || signal?.aborted) resolve();
          });
        }
      }
    } finally {
      stop();
      signal?.removeEventListener('abort', given);
    }
  })();
  return generator;
}
