/** Times as people say them, in their language. */

const DAY = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(locale: string, options: Intl.DateTimeFormatOptions, time: number): string {
  const key = locale + JSON.stringify(options);
  let found = formats.get(key);
  if (!found) formats.set(key, found = new Intl.DateTimeFormat(locale, options));
  return found.format(time);
}

/** Makes what a list of conversations needs: the first format of a kind takes long. */
export function prepare(locale: string): void {
  clock(locale, 0);
  full(locale, 0);
}

/** Midnight before, where the person is. */
export function dayOf(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}

export function clock(locale: string, time: number): string {
  return format(locale, { hour: 'numeric', minute: '2-digit' }, time);
}

export function full(locale: string, time: number): string {
  return format(locale, { dateStyle: 'full', timeStyle: 'short' }, time);
}

export function date(locale: string, time: number): string {
  return format(locale, { dateStyle: 'medium' }, time);
}

/** "today", "yesterday", a weekday, a date. */
export function day(locale: string, time: number, now = Date.now()): string {
  const days = Math.round((dayOf(now) - dayOf(time)) / DAY);
  if (days === 0 || days === 1) return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(-days, 'day');
  if (days > 0 && days < 7) return format(locale, { weekday: 'long' }, time);
  const thisYear = new Date(time).getFullYear() === new Date(now).getFullYear();
  return format(locale, { day: 'numeric', month: 'long', ...(thisYear ? {} : { year: 'numeric' }) }, time);
}

/** As short as it can be and still be clear: for a list. */
export function brief(locale: string, time: number, now = Date.now()): string {
  const days = Math.round((dayOf(now) - dayOf(time)) / DAY);
  if (days === 0) return clock(locale, time);
  if (days === 1) return day(locale, time, now);
  if (days > 0 && days < 7) return format(locale, { weekday: 'short' }, time);
  return format(locale, { day: 'numeric', month: 'numeric', year: '2-digit' }, time);
}

export function bytes(locale: string, size: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
  const step = Math.min(Math.floor(Math.log10(Math.max(size, 1)) / 3), units.length - 1);
  const value = size / 1000 ** step;
  return new Intl.NumberFormat(locale, {
    style: 'unit', unit: units[step] ?? 'byte', unitDisplay: 'short', maximumFractionDigits: value < 10 && step > 0 ? 1 : 0,
  }).format(value);
}
