/** Hours of rest are times of day where the person is; the relay has them in UTC. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { inUtc, isQuiet } from '../../app/src/app/quiet-hours.ts';

const night = { from: '22:00', until: '07:00' };
const HOUR = 60;

test('they are converted, over midnight as well, and where an hour is not whole', () => {
  assert.deepEqual(inUtc(night, 0), { from: 22 * HOUR, until: 7 * HOUR });
  // Berlin in summer, New York in winter, Kathmandu, Kiritimati.
  assert.deepEqual(inUtc(night, -120), { from: 20 * HOUR, until: 5 * HOUR });
  assert.deepEqual(inUtc(night, 300), { from: 3 * HOUR, until: 12 * HOUR });
  assert.deepEqual(inUtc(night, -345), { from: 16 * HOUR + 15, until: HOUR + 15 });
  assert.deepEqual(inUtc({ from: '00:30', until: '23:59' }, -840), { from: 10 * HOUR + 30, until: 9 * HOUR + 59 });
});

test('without an offset it is that of the clock here', () => {
  const now = new Date();
  const time = `${String(now.getHours()).padStart(2, '0')}:${String(now.getMinutes()).padStart(2, '0')}`;
  assert.equal(inUtc({ from: time, until: time }).from, now.getUTCHours() * HOUR + now.getUTCMinutes());
});

test('the first minute is one of them, the last is not, and an empty span is never', () => {
  const at = (hours: number, minutes: number) => new Date(2026, 0, 15, hours, minutes);
  assert.deepEqual([at(21, 59), at(22, 0), at(0, 0), at(6, 59), at(7, 0)].map((now) => isQuiet(night, now)), [false, true, true, true, false]);
  const noon = { from: '12:00', until: '13:30' };
  assert.deepEqual([at(11, 59), at(12, 0), at(13, 29), at(13, 30)].map((now) => isQuiet(noon, now)), [false, true, true, false]);
  assert.equal(isQuiet({ from: '12:00', until: '12:00' }, at(12, 0)), false);
});
