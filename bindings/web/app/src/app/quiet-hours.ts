/** Hours in which nobody is to be told of anything: from one time of day to another, where the person is. Spec: `push.md` 2.6. */

/** Times as `<input type="time">` has them: `22:00`. Where `until` is not after `from`, they go over midnight. */
export interface QuietHours { from: string; until: string }

const DAY = 24 * 60;

/** As the relay has them: minutes of the UTC day. `ahead` is by how many minutes UTC is ahead of the person's clock. */
export function inUtc({ from, until }: QuietHours, ahead = new Date().getTimezoneOffset()): { from: number; until: number } {
  return { from: inDay(minutes(from) + ahead), until: inDay(minutes(until) + ahead) };
}

/** Whether it is such a time now. */
export function isQuiet({ from, until }: QuietHours, now = new Date()): boolean {
  const begin = minutes(from);
  const gone = inDay(now.getHours() * 60 + now.getMinutes() - begin);
  return gone < inDay(minutes(until) - begin);
}

function minutes(time: string): number {
  const [hours = 0, rest = 0] = time.split(':').map(Number);
  return hours * 60 + rest;
}

function inDay(minute: number): number {
  return ((minute % DAY) + DAY) % DAY;
}
