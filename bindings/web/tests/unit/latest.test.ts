/** The iterables of the façade: the present value first, the latest next, and an end. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { all, latest } from '../../client/src/page/latest.ts';

/** A value that can be changed, and who listens. */
function cell<T>(value: T | undefined) {
  const listeners = new Set<() => void>();
  return {
    listeners,
    read: () => value,
    listen: (changed: () => void) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    set: (next: T) => {
      value = next;
      for (const changed of listeners) changed();
    },
  };
}

test('the present value comes first, and a slow reader sees the latest', async () => {
  const watched = cell<number>(1);
  const values = latest(watched);
  assert.equal((await values.next()).value, 1);
  watched.set(2);
  watched.set(3);
  assert.equal((await values.next()).value, 3);
  const next = values.next();
  watched.set(4);
  assert.equal((await next).value, 4);
  await values.return();
  assert.equal(watched.listeners.size, 0);
});

test('what has no value yet is waited for, and a signal ends it', async () => {
  const watched = cell<string>(undefined);
  const leaving = new AbortController();
  const values = latest(watched, leaving.signal);
  const first = values.next();
  watched.set('there');
  assert.equal((await first).value, 'there');
  const last = values.next();
  leaving.abort();
  assert.equal((await last).done, true);
  assert.equal(watched.listeners.size, 0);
});

test('events are all told, in order, from the call on', async () => {
  const listeners = new Set<(value: number) => void>();
  const values = all<number>((each) => {
    listeners.add(each);
    return () => listeners.delete(each);
  });
  for (const value of [1, 2, 3]) for (const each of listeners) each(value);
  const seen = [];
  for await (const value of values) {
    seen.push(value);
    if (value === 3) break;
  }
  assert.deepEqual(seen, [1, 2, 3]);
  assert.equal(listeners.size, 0);
});

test('who waits is told when it is returned from, and nothing listens any more', async () => {
  const watched = cell<string>(undefined);
  const values = latest(watched);
  const waiting = values.next();
  assert.equal(watched.listeners.size, 1);
  await values.return();
  assert.equal((await waiting).done, true);
  assert.equal(watched.listeners.size, 0);
  assert.equal((await values.next()).done, true);
});

test('events that nobody reads are let go of by a signal or a return', async () => {
  const listeners = new Set<(value: number) => void>();
  const listen = (each: (value: number) => void): (() => void) => {
    listeners.add(each);
    return () => listeners.delete(each);
  };
  const leaving = new AbortController();
  const aborted = all(listen, leaving.signal);
  const returned = all(listen);
  assert.equal(listeners.size, 2);
  leaving.abort();
  await returned.return();
  assert.equal(listeners.size, 0);
  assert.equal((await aborted.next()).done, true);
  all(listen, leaving.signal);
  assert.equal(listeners.size, 0);
});

test('what has a last value ends with it', async () => {
  const listeners = new Set<(value: number) => void>();
  const values = all<number>((each) => {
    for (const early of [1, 2]) each(early);
    listeners.add(each);
    return () => listeners.delete(each);
  }, undefined, (value) => value === 3);
  for (const each of listeners) each(3);
  const seen = [];
  for await (const value of values) seen.push(value);
  assert.deepEqual(seen, [1, 2, 3]);
  assert.equal(listeners.size, 0);
});
