/** A join link as people pass it on: the group's link, and the relay that has the group. Spec: `groups.md` 7.4. */

import { InfrasoundError } from '../error.js';
import { parseRelayUrl } from './relay_url.js';

const BEGINNING = 'infrasound:join?relay=';

export function joinLink(relay: string, fragment: string): string {
  // What would end the relay's URL, or be taken for an escape, inside a query.
  const escaped = relay.replace(/[\s"#%&+<>]/g, (character) => encodeURIComponent(character));
  return `${BEGINNING}${escaped}#${fragment}`;
}

/** What stands after the `#` of a link into a group of this relay. */
export function fragmentOf(link: string, relay: string): string {
  const rest = link.trim().startsWith(BEGINNING) ? link.trim().slice(BEGINNING.length) : '';
  const hash = rest.indexOf('#');
  let other: string;
  try {
    other = decodeURIComponent(rest.slice(0, Math.max(hash, 0)));
  } catch {
    other = '';
  }
  if (hash < 0 || other === '') {
    const text = 'this is not a link into a group: copy all of it, from `infrasound:` to its end';
    throw new InfrasoundError('bad-link', text);
  }
  if (parseRelayUrl(other) !== relay) {
    throw new InfrasoundError('other-instance', `this group is on another relay: ${other}`);
  }
  return rest.slice(hash + 1);
}
