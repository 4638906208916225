/** The HTML of a conversation's messages, each made harmless once and kept as an element. */
import type { MessageKey } from '../app/message-key.ts';
import { sanitise } from '../text/sanitise.ts';

const KEPT = 600;

/** Messages of nothing but up to three emoji are shown large. */
const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D\p{Extended_Pictographic}|\p{Emoji_Modifier})*\s*){1,3}$/u;

/** They are in the clear, so they belong to the chat and go with it. */
export class Bodies {
  readonly #kept = new Map<MessageKey, { html: string; element: HTMLElement }>();

  /** The same element for the same text: it is on the page once. */
  of(key: MessageKey, html: string): HTMLElement {
    const known = this.#kept.get(key);
    if (known?.html === html) return known.element;
    const element = document.createElement('div');
    element.className = 'body';
    element.dir = 'auto';
    element.append(sanitise(html));
    if (ONLY_EMOJI.test(element.textContent ?? '')) element.classList.add('large');
    this.#kept.delete(key);
    this.#kept.set(key, { html, element });
    const oldest = this.#kept.keys().next().value;
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return element;
  }
}
