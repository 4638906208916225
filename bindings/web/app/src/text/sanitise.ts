/** Makes HTML that somebody sent harmless: a few tags, links, nothing that is fetched, styled or run. */
import DOMPurify from 'dompurify';

import { leadsTo } from './address.ts';
import { MAX_TAGS, tagCount } from './plain.ts';

const TAGS = [
  'a', 'b', 'blockquote', 'br', 'code', 'del', 'div', 'em', 'i', 'li', 'ol', 'p', 'pre', 's', 'span', 'strong', 'u', 'ul',
];

/** An address as it stands in running text, without the punctuation that ends the sentence. */
const ADDRESS = /\bhttps?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?)\]}…»”’]/giu;

export function sanitise(html: string): DocumentFragment {
  if (tagCount(html) > MAX_TAGS) {
    const fragment = document.createDocumentFragment();
    fragment.append(html);
    return fragment;
  }
  const fragment = DOMPurify.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ['href'],
    ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
    ALLOW_ARIA_ATTR: false,
    ALLOW_DATA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
  for (const link of fragment.querySelectorAll('a')) makeHonest(link);
  linkify(fragment);
  for (const block of fragment.querySelectorAll('p, li, blockquote, pre, div')) block.setAttribute('dir', 'auto');
  return fragment;
}

/** A link opens outside, tells nothing of where it stood, and says where it leads. */
function makeHonest(link: HTMLAnchorElement): void {
  const href = link.getAttribute('href');
  if (href === null) {
    link.replaceWith(...link.childNodes);
    return;
  }
  link.target = '_blank';
  link.rel = 'noopener noreferrer nofollow';
  const shown = (link.textContent ?? '').trim();
  if (shown === '') link.textContent = href;
  else if (link.protocol !== 'mailto:' && !leadsTo(shown, link.href)) link.after(` (${link.host})`);
}

function linkify(fragment: DocumentFragment): void {
  const walker = document.createTreeWalker(fragment, NodeFilter.SHOW_TEXT);
  const texts: Text[] = [];
  while (walker.nextNode()) texts.push(walker.currentNode as Text);
  for (const text of texts) {
    if (!text.parentElement?.closest('a, code, pre') && text.data.includes('://')) linkifyText(text);
  }
}

function linkifyText(text: Text): void {
  const pieces: (string | Node)[] = [];
  let end = 0;
  for (const match of text.data.matchAll(ADDRESS)) {
    if (!URL.canParse(match[0])) continue;
    pieces.push(text.data.slice(end, match.index));
    const link = document.createElement('a');
    link.href = match[0];
    link.target = '_blank';
    link.rel = 'noopener noreferrer nofollow';
    link.textContent = match[0];
    pieces.push(link);
    end = match.index + match[0].length;
  }
  if (end > 0) text.replaceWith(...pieces, text.data.slice(end));
}
