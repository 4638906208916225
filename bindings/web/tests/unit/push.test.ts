/** What the relay is told of how a device is woken, and when it is told nothing. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Conversation, Status } from '@infrasound/client';

import type { Preferences } from '../../app/src/app/preferences.ts';
import { wanted, type Followed } from '../../app/src/app/push.ts';
import { en } from '../../app/src/strings/en.ts';
import { sayIn } from '../../app/src/strings/language.ts';
import { InfrasoundError } from '../../client/src/error.ts';
import { subscriptionFor } from '../../client/src/page/push.ts';

const preferences: Preferences = {
  theme: 'system', sendWith: 'enter', language: 'system', notify: true, notifyContent: false, notifyClosed: true,
  quiet: false, quietFrom: '22:00', quietUntil: '07:00',
};
const ready: Status = { phase: 'ready', online: true, caughtUp: true };

function conversation(id: string, muted: boolean): Conversation {
  return { id, kind: 'direct', consent: 'accepted', request: false, unread: 0, lastMessage: 1, lastTime: 1, preview: '', muted, archived: false };
}

function followed(change: Partial<Followed> = {}): Followed {
  const conversations = [conversation('c', true), conversation('b', false), conversation('a', true)];
  return {
    client: undefined, status: ready, listed: true, conversations, preferences, say: sayIn('en', en), language: 'en', direction: 'ltr', ...change,
  };
}

test('muted conversations do not wake, in whatever order they are', () => {
  const now = wanted(followed(), true);
  const notice = { title: 'You may have new messages', body: 'Open Infrasound to see them.', lang: 'en', dir: 'ltr' };
  assert.deepEqual(now, { options: { except: ['a', 'c'] }, notice });
  const { conversations } = followed();
  assert.deepEqual(wanted(followed({ conversations: conversations.reverse() }), true), now);
});

test('the relay is not told of more than it takes, and of hours of rest if there are any', () => {
  const conversations = Array.from({ length: 1_100 }, (_, index) => conversation(String(index), true));
  const now = wanted(followed({ conversations, preferences: { ...preferences, quiet: true } }), true);
  assert.ok(now !== undefined && now !== 'nothing');
  assert.equal(now.options.except?.length, 1_000);
  const { from, until } = now.options.quiet ?? {};
  assert.equal((until! - from! + 24 * 60) % (24 * 60), 9 * 60);
});

test('nobody is woken who does not want it, may not be told, or is signed out', () => {
  for (const change of [{ notify: false }, { notifyClosed: false }]) {
    assert.equal(wanted(followed({ preferences: { ...preferences, ...change } }), true), 'nothing');
  }
  assert.equal(wanted(followed(), false), 'nothing');
  for (const phase of ['ended', 'signed-out'] as const) assert.equal(wanted(followed({ status: { ...ready, phase } }), true), 'nothing');
});

test('nothing is changed before it is known what there is', () => {
  assert.equal(wanted(followed({ listed: false }), true), undefined);
  for (const change of [{ caughtUp: false }, { phase: 'starting' }, { phase: 'failed' }] as const) {
    assert.equal(wanted(followed({ status: { ...ready, ...change } }), true), undefined);
  }
});

test('a subscription is taken as the browser has it, or as JSON; half a one is refused', () => {
  const json = { endpoint: 'https://push.example/1', expirationTime: null, keys: { p256dh: 'key', auth: 'auth' } };
  const whole = { endpoint: 'https://push.example/1', key: 'key', auth: 'auth' };
  assert.deepEqual(subscriptionFor(json), whole);
  const quiet = { from: 0, until: 60 };
  assert.deepEqual(subscriptionFor({ toJSON: () => json }, { quiet, except: ['a'] }), { ...whole, quiet, except: ['a'] });
  assert.throws(() => subscriptionFor({ endpoint: json.endpoint }), (error) => error instanceof InfrasoundError && error.code === 'refused');
});
