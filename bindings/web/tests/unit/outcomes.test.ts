/** How queued wishes end, for whoever waits. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { InfrasoundError } from '../../client/src/error.ts';
import { Outcomes } from '../../client/src/page/outcomes.ts';

test('who asks before or after it went is told', async () => {
  const outcomes = new Outcomes();
  const early = outcomes.of('urn:uuid:1');
  outcomes.observe({ type: 'messageState', conversation: 'c', message: 'urn:uuid:1', state: { step: 'pending' } });
  assert.deepEqual(outcomes.open, ['urn:uuid:1']);
  outcomes.observe({ type: 'messageState', conversation: 'c', message: 'urn:uuid:1', number: 2, state: { step: 'sent' } });
  await Promise.all([early, outcomes.of('urn:uuid:1')]);
});

test('a change is over when it has happened, and one that cannot be done says why', async () => {
  const outcomes = new Outcomes();
  outcomes.observe({ type: 'changed', conversation: 'c', object: 'urn:uuid:1' });
  outcomes.observe({ type: 'failed', object: 'urn:uuid:2', code: 'not-allowed', text: 'no' });
  await outcomes.of('urn:uuid:1');
  await assert.rejects(outcomes.of('urn:uuid:2'), { code: 'not-allowed', message: 'no' });
});

test('nobody waits for ever when the client is closed', async () => {
  const outcomes = new Outcomes();
  const waiting = outcomes.of('urn:uuid:1');
  outcomes.fail(new InfrasoundError('closed', 'the client is closed'));
  await assert.rejects(waiting, { code: 'closed' });
});
