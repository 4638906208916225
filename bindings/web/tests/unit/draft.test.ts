/** What is being written outlives whatever is done meanwhile. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Message } from '@infrasound/client';

import { Draft } from '../../app/src/app/draft.ts';

const message: Message = {
  id: 'urn:uuid:1', number: 1, sender: '@alice@a.example', own: true, time: 1, body: { kind: 'html', html: '<p>Helo</p>' },
  attachments: [], edited: false, reactions: [], state: { step: 'sent' },
};

test('a correction leaves what was begun as it was', () => {
  const draft = new Draft();
  const file = new File(['a'], 'a.txt');
  draft.set({ text: 'half a sent', files: [file], answering: message });
  draft.edit(message, 'Helo');
  draft.write('Hello');
  assert.equal(draft.shown, 'Hello');
  draft.write('');
  assert.ok(draft.isEmpty, 'a message is not corrected into nothing');
  draft.stopEditing();
  assert.equal(draft.shown, 'half a sent');
  assert.deepEqual(draft.files, [file]);
  assert.equal(draft.answering, message);
});

test('what did not go comes back, but not over something new', () => {
  const draft = new Draft();
  draft.restore({ text: 'refused', files: [], answering: message });
  assert.equal(draft.text, 'refused');
  draft.restore({ text: 'refused too', files: [], answering: undefined });
  assert.equal(draft.text, 'refused');
});
