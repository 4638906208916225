/** A message's own HTML, made harmless once and kept as an element. */
import type { ObjectId } from '@infrasound/client';

import { sanitise } from '../text/sanitise.ts';

const KEPT = 600;
const bodies = new Map<string, { html: string; element: HTMLElement }>();

/** Messages of nothing but up to three emoji are shown large. */
const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D\p{Extended_Pictographic}|\p{Emoji_Modifier})*\s*){1,3}$/u;

/** The same element for the same text: it is on the page once. */
export function body(id: ObjectId, html: string): HTMLElement {
  const known = bodies.get(id);
  if (known?.html === html) return known.element;
  const element = document.createElement('div');
  element.className = 'body';
  element.dir = 'auto';
  element.append(sanitise(html));
  if (ONLY_EMOJI.test(element.textContent ?? '')) element.classList.add('large');
  bodies.delete(id);
  bodies.set(id, { html, element });
  const oldest = bodies.keys().next().value;
  if (bodies.size > KEPT && oldest !== undefined) bodies.delete(oldest);
  return element;
}
