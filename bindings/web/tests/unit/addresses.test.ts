/** Addresses of relays, and join links: what is one, and what is none. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { InfrasoundError } from '@infrasound/client';

import { fragmentOf, joinLink } from '../../client/src/page/join_link.ts';
import { parseRelayUrl } from '../../client/src/page/relay_url.ts';

const codeOf = (act: () => unknown): string => {
  try {
    act();
    return 'none';
  } catch (error) {
    return (error as InfrasoundError).code;
  }
};

test('a slash at the end makes no difference', () => {
  assert.equal(parseRelayUrl('https://relay.example/'), 'https://relay.example');
  assert.equal(parseRelayUrl('https://h.example/infra/'), 'https://h.example/infra');
});

test('http is for this machine only', () => {
  for (const local of ['http://127.0.0.1:8787', 'http://127.8.9.1', 'http://[::1]:80', 'http://localhost:1', 'http://a.localhost']) {
    assert.equal(codeOf(() => parseRelayUrl(local)), 'none', local);
  }
  for (const far of ['http://relay.example', 'http://10.0.0.1', 'http://127.0.0.1.example', 'http://localhost.example']) {
    assert.equal(codeOf(() => parseRelayUrl(far)), 'not-a-relay', far);
  }
});

test('what is not a base URL is refused', () => {
  for (const text of ['', 'relay.example', 'ftp://relay.example', 'https://a:b@relay.example', 'https://r.example/?x', 'https://r.example/#x', 'https:']) {
    assert.equal(codeOf(() => parseRelayUrl(text)), 'not-a-relay', text);
  }
});

test('a join link reads as it was written, for its own relay', () => {
  for (const relay of ['https://relay.example', 'https://relay.example/a&b', 'http://127.0.0.1:80']) {
    const link = joinLink(relay, 'A.B.C');
    assert.equal(fragmentOf(`  ${link}\n`, parseRelayUrl(relay)), 'A.B.C', link);
  }
  assert.equal(codeOf(() => fragmentOf(joinLink('https://other.example', 'A.B.C'), 'https://relay.example')), 'other-instance');
});

test('what is no join link is refused', () => {
  for (const text of ['', 'A.B.C', 'https://relay.example#A.B.C', 'infrasound:join?relay=https://relay.example', 'infrasound:join?relay=%ff#A']) {
    assert.equal(codeOf(() => fragmentOf(text, 'https://relay.example')), 'bad-link', text);
  }
});
