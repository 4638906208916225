/** The parser of the event stream: the same cases as that of the native host. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { EventTooLong, MAX_EVENT, MAX_LINE, Parser } from '../../client/src/worker/server_sent_events.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function data(text: string): string[] {
  return new Parser().push(bytes(text)).map(({ data }) => data);
}

test('lines end in any of three ways', () => {
  assert.deepEqual(data('data: a\n\ndata: b\r\n\r\ndata: c\r\rdata: d\n\r'), ['a', 'b', 'c', 'd']);
});

test('the chunks make no difference', () => {
  const stream = bytes('\ufeffid: 7\r\ndata: première\r\ndata:x\r\n\r\n: comment\n\nid: 8\ndata\n\n');
  const whole = new Parser().push(stream);
  assert.deepEqual(whole, [
    { data: 'première\nx', id: '7' },
    { data: '', id: '8' },
  ]);
  for (let size = 1; size < stream.length; size += 1) {
    const parser = new Parser();
    const events = [];
    for (let at = 0; at < stream.length; at += size) events.push(...parser.push(stream.subarray(at, at + size)));
    assert.deepEqual(events, whole, `in chunks of ${size}`);
  }
});

test('an event without data or end is none', () => {
  assert.deepEqual(data('id: 1\n\nevent: x\n\nretry: 5\n\n: hello\n\n'), []);
  assert.deepEqual(data('data: unfinished\n'), []);
});

test('an id stays until the next, and one with NUL is ignored', () => {
  const events = new Parser().push(bytes('id: 1\ndata: a\n\ndata: b\n\nid: 2\0\ndata: c\n\nid\ndata: d\n\n'));
  assert.deepEqual(events.map(({ id }) => id), ['1', '1', '1', undefined]);
});

test('neither a line nor an event grows for ever', () => {
  const line = new Parser();
  assert.throws(() => {
    for (let size = 0; size <= MAX_LINE; size += 4096) line.push(new Uint8Array(4096).fill(120));
  }, EventTooLong);
  const event = new Parser();
  assert.throws(() => {
    for (let size = 0; size <= MAX_EVENT; size += 1000) event.push(bytes(`data: ${'x'.repeat(1000)}\n`));
  }, EventTooLong);
});

test('broken text is replaced', () => {
  assert.deepEqual(new Parser().push(new Uint8Array([100, 97, 116, 97, 58, 97, 0xff, 98, 10, 10])), [
    { data: 'a\ufffdb', id: undefined },
  ]);
});
