/** Where a person is in the app, and how that is written after `#` of an address. */
import type { ConversationId, Handle } from '@infrasound/client';

import { asHandle } from './people.ts';

export const SIDES = [
  'list', 'archived', 'requests', 'new', 'new-group', 'join',
  'settings', 'appearance', 'notifications', 'privacy', 'devices', 'link-device', 'about',
] as const;
/** What the column at the start shows. */
export type Side = (typeof SIDES)[number];

export const DETAILS = ['info', 'safety', 'add', 'edit', 'rules', 'links', 'asking'] as const;
/** What the column at the end shows of the open conversation. */
export type Details = (typeof DETAILS)[number];

export interface Place {
  side: Side;
  conversation?: ConversationId;
  details?: Details;
  /** Somebody who is written to for the first time: there is no conversation yet. */
  to?: Handle;
}

export const HOME: Place = { side: 'list' };

const isSide = (text: string): text is Side => (SIDES as readonly string[]).includes(text);
const isDetails = (text: string): text is Details => (DETAILS as readonly string[]).includes(text);

/** `/`, `/settings`, `/c/CONVERSATION`, `/c/CONVERSATION/safety`, `/requests/c/CONVERSATION`, `/to/@bob@social.example` … */
export function write(place: Place): string {
  const parts: string[] = place.side === 'list' ? [] : [place.side];
  if (place.conversation !== undefined) {
    parts.push('c', place.conversation);
    if (place.details) parts.push(place.details);
  } else if (place.to !== undefined) {
    parts.push('to', place.to);
  }
  return `/${parts.join('/')}`;
}

/** What is not understood leads home. */
export function read(text: string): Place {
  const parts = text.replace(/^#?\/?/, '').split('/').filter(Boolean);
  const place: Place = { side: 'list' };
  if (parts[0] !== undefined && isSide(parts[0])) place.side = parts.shift() as Side;
  if (parts[0] === 'c' && parts[1] !== undefined && /^[\w-]+$/.test(parts[1])) {
    place.conversation = parts[1];
    if (parts[2] !== undefined && isDetails(parts[2])) place.details = parts[2];
  } else if (parts[0] === 'to' && parts[1] !== undefined) {
    const to = asHandle(decoded(parts[1]));
    if (to !== undefined) place.to = to;
  }
  return place;
}

/** As it stands, if it is not well encoded. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** One step back: where Escape and the arrow at the top lead. */
export function parent(place: Place): Place {
  const { side, conversation, details } = place;
  if (details !== undefined && conversation !== undefined) {
    return details === 'info' ? { side, conversation } : { side, conversation, details: 'info' };
  }
  switch (side) {
    case 'appearance': case 'notifications': case 'privacy': case 'devices': case 'about':
      return { ...place, side: 'settings' };
    case 'link-device':
      return { ...place, side: 'devices' };
    case 'new-group': case 'join':
      return { ...place, side: 'new' };
    default:
      return { ...place, side: 'list' };
  }
}
