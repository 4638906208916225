/** Whether a link leads where its text says. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { leadsTo } from '../../app/src/text/address.ts';

test('a text that names the host of the link is honest', () => {
  assert.ok(leadsTo('https://social.example/@bob', 'https://social.example/@bob/1'));
  assert.ok(leadsTo('Social.Example', 'https://social.example/'));
  assert.ok(leadsTo('social.example/path', 'http://social.example/other'));
});

test('a text that names another host, in whatever disguise, is not', () => {
  for (const [shown, href] of [
    ['https://bank.com/login', 'https://bank.co/login'],
    ['bank.example.outside.example', 'https://bank.example/'],
    ['https://bank.example@outside.example/', 'https://outside.example/'],
    ['https://outside.example/', 'https://bank.example@outside.example/'],
    ['https://bank.example:8443/', 'https://bank.example/'],
    ['your bank', 'https://outside.example/'],
    ['https://outside.example/ or https://bank.example/', 'https://outside.example/'],
  ]) assert.equal(leadsTo(shown ?? '', href ?? ''), false, shown);
});
