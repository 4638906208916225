/** What is said to a person, and its language where that is not theirs: what comes from the core is in English. */
import { html, nothing, type TemplateResult } from 'lit';

export interface Told { text: string; lang?: 'en' }

export function english(text: string): Told {
  return { text, lang: 'en' };
}

/** With its language, so that a screen reader pronounces it as what it is. */
export function told({ text, lang }: Told): TemplateResult {
  return html`<span dir="auto" lang=${lang ?? nothing}>${text}</span>`;
}
