/** The languages that the app speaks, and which one a person gets. */
import { isolated } from '../text/name.ts';
import { en } from './en.ts';

export const LANGUAGES = { en: 'English', de: 'Deutsch', ar: 'العربية' } as const;
export type Language = keyof typeof LANGUAGES;
/** Nobody gets a language unasked that is English for the greater part. */
const WHOLE: ReadonlySet<string> = new Set<Language>(['en', 'de', 'ar']);

/** Text, or one text for each plural category that the language has, chosen by `count`. */
export type Text = string | ({ other: string } & Partial<Record<Intl.LDMLPluralRule, string>>);
export type Key = keyof typeof en;
export type Catalogue = Record<Key, Text>;

/** The names in braces in a text of the English catalogue. */
type Names<T> = T extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest>
  : T extends { other: infer Other } ? Names<Other> | 'count' : never;
type Values<K extends Key> = Record<Names<(typeof en)[K]>, string | number>;
type Rest<K extends Key> = [Names<(typeof en)[K]>] extends [never] ? [] : [values: Values<K>];

/** The language's text with the values filled in. What is not translated yet is in English. */
export type Say = <K extends Key>(key: K, ...values: Rest<K>) => string;

export function choose(wish: Language | 'system', offered: readonly string[] = navigator.languages): Language {
  if (wish !== 'system') return wish;
  for (const tag of offered) {
    const language = tag.split('-')[0] ?? '';
    if (WHOLE.has(language)) return language as Language;
  }
  return 'en';
}

export const direction = (language: Language): 'ltr' | 'rtl' => (language === 'ar' ? 'rtl' : 'ltr');

/** The tag for dates and numbers: the browser's own if it is of that language, since it also knows the country. */
export function locale(language: Language, offered: readonly string[] = navigator.languages): string {
  return offered.find((tag) => tag.split('-')[0] === language) ?? language;
}

export async function catalogue(language: Language): Promise<Partial<Catalogue>> {
  switch (language) {
    case 'de': return (await import('./de.ts')).de;
    case 'ar': return (await import('./ar.ts')).ar;
    case 'en': return en;
  }
}

export function sayIn(language: Language, texts: Partial<Catalogue>): Say {
  const plurals = new Intl.PluralRules(language);
  const english = new Intl.PluralRules('en');
  return (key, ...[values]) => {
    const own = texts[key];
    const text: Text = own ?? en[key];
    const filled = values as Record<string, string | number> | undefined;
    const rules = own === undefined ? english : plurals;
    const chosen = typeof text === 'string' ? text : (text[rules.select(Number(filled?.['count']))] ?? text.other);
    const way = own === undefined ? 'ltr' : direction(language);
    const filledIn = chosen.replace(/\{(\w+)\}/g, (_, name: string) => isolated(String(filled?.[name] ?? ''), way));
    // English among text that runs from right to left keeps its own direction.
    return own === undefined && direction(language) === 'rtl' ? `\u2066${filledIn}\u2069` : filledIn;
  };
}
