/** What a person chose for this browser. Kept in clear, since none of it says anything of what they write. */
import type { Language } from '../strings/language.ts';

export interface Preferences {
  theme: 'system' | 'light' | 'dark';
  sendWith: 'enter' | 'modifier';
  language: Language | 'system';
  notify: boolean;
  notifyContent: boolean;
  /** Also when no page of the app is open. */
  notifyClosed: boolean;
  /** Whether there are hours in which nobody is told, and which: see `quiet-hours.ts`. */
  quiet: boolean;
  quietFrom: string;
  quietUntil: string;
}

const DEFAULT: Preferences = {
  theme: 'system', sendWith: 'enter', language: 'system', notify: false, notifyContent: false, notifyClosed: false,
  quiet: false, quietFrom: '22:00', quietUntil: '07:00',
};

export function load(store: string): Preferences {
  try {
    return { ...DEFAULT, ...JSON.parse(localStorage.getItem(key(store)) ?? '{}') as Partial<Preferences> };
  } catch {
    return { ...DEFAULT };
  }
}

/** Where the browser forbids to store, the choice holds until the page is closed. */
export function save(store: string, preferences: Preferences): void {
  try {
    localStorage.setItem(key(store), JSON.stringify(preferences));
  } catch {
    // Said by the storage warning already.
  }
}

/** Under which they are stored. */
export const key = (store: string) => `${store}-preferences`;
