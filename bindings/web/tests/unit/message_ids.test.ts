/** Senders choose ids: nobody hides or changes what another wrote by taking its id. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ConversationHandle, Message } from '@infrasound/client';

import { Chat } from '../../app/src/app/chat.ts';
import { Files } from '../../app/src/app/files.ts';

const ID = 'urn:uuid:6f0cbd4e-0f3f-4c43-bd0e-5d1f8a4e0c11';

const message = (sender: string, number: number, own = false): Message => ({
  id: ID, number, sender, own, time: number, body: { kind: 'html', html: sender },
  attachments: [], edited: false, reactions: [], state: own ? { step: 'pending' } : { step: 'received' },
});

test('the messages of two accounts with one id are two', () => {
  const chat = new Chat({ id: 'c' } as ConversationHandle, new Files());
  chat.apply({ type: 'message', message: message('@alice@a.example', 1, true) });
  chat.apply({ type: 'message', message: message('@mallory@a.example', 2) });
  assert.deepEqual(chat.messages.map(({ sender }) => sender), ['@alice@a.example', '@mallory@a.example']);
  assert.equal(chat.answered(ID)?.sender, '@alice@a.example', 'an answer is to the first of them');

  chat.apply({ type: 'messageState', conversation: 'c', message: ID, state: { step: 'sent' } });
  assert.deepEqual(chat.messages.map(({ state }) => state.step), ['sent', 'received']);
  chat.apply({ type: 'message', message: { ...message('@mallory@a.example', 2), edited: true } });
  assert.deepEqual(chat.messages.map(({ edited }) => edited), [false, true]);
});
