/** Addresses after `#`: what is not understood leads home, and breaks nothing. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { read, write } from '../../app/src/app/place.ts';
import { isolated, plainName } from '../../app/src/text/name.ts';

test('a place is read as it was written', () => {
  for (const address of ['/', '/settings', '/c/abc-_1', '/c/abc/safety', '/requests/c/abc', '/to/@bob@social.example']) {
    assert.equal(write(read(`#${address}`)), address);
  }
});

test('strange addresses lead home; a handle is one in whatever case', () => {
  for (const address of ['#/to/%E0', '#/c/<b>', '#/nowhere/at/all', '', '#']) assert.equal(write(read(address)), '/');
  assert.equal(read('#/to/%40Bob%40Social.Example').to, '@bob@social.example');
});

test('a name turns nothing around', () => {
  assert.equal(plainName('photo\u202Egnp.exe'), 'photognp.exe');
  assert.equal(isolated('نادية', 'ltr'), '\u2068نادية\u2069');
  assert.equal(isolated('Nadia', 'ltr'), 'Nadia');
});
