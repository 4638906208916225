/** A message's HTML as one line of plain text, for a notification or a quote. */

/** What has more tags than this no person wrote; it is shown as it is. */
export const MAX_TAGS = 2000;

export function tagCount(html: string): number {
  return html.split('<').length - 1;
}

/** HTML as elements of a template's document, in which nothing is fetched or run. */
function inert(html: string): HTMLElement {
  const holder = document.createElement('template').content.ownerDocument.createElement('div');
  holder.innerHTML = html;
  return holder;
}

export function plainText(html: string): string {
  if (tagCount(html) > MAX_TAGS) return html;
  const spaced = html.replace(/<(?:br|\/p|\/li|\/div|\/blockquote|\/pre)\b[^>]*>/gi, '$& ');
  const body = inert(spaced);
  for (const hidden of body.querySelectorAll('script, style, template, noscript, iframe, textarea, title')) hidden.remove();
  return (body.textContent ?? '').replace(/\s+/g, ' ').trim();
}

/** The text to put into the composer for editing, with its lines. */
export function editable(html: string): string {
  if (tagCount(html) > MAX_TAGS) return html;
  const lines = html.replace(/<br\b[^>]*>/gi, '\n').replace(/<\/(?:li|div|blockquote|pre)>/gi, '$&\n').replace(/<\/p>/gi, '$&\n\n');
  return (inert(lines).textContent ?? '').trim();
}
