/** How people are shown: by name, by initials, in a colour of their own. */
import type { Conversation, Handle } from '@infrasound/client';

import { plainName } from '../text/name.ts';

/** `bob` of `@bob@social.example`. */
export function shortName(handle: Handle): string {
  return handle.replace(/^@/, '').split('@')[0] ?? handle;
}

/** `@bob@social.example`, of what somebody typed: with or without the first `@`, in whatever case, with spaces around it. */
export function asHandle(text: string): Handle | undefined {
  const match = /^@?([\p{L}\p{N}_.-]+)@([\p{L}\p{N}.-]+(?::\d+)?)$/u.exec(text.trim());
  return match ? `@${match[1]}@${match[2]}`.toLowerCase() : undefined;
}

/** One or two letters; of a script without capitals, its first letter. */
export function initials(name: string): string {
  const words = name.replace(/^@/, '').split('@')[0]?.split(/[\s._-]+/).filter(Boolean) ?? [];
  const letters = words.slice(0, 2).map((word) => [...word][0] ?? '');
  return letters.join('').toLocaleUpperCase() || '?';
}

/** A hue from 0 to 359, the same for the same text everywhere. */
export function hue(text: string): number {
  let hash = 2166136261;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619);
  return (hash >>> 0) % 360;
}

/** What a conversation is called. A group without a name yet has none. */
export function title(conversation: Conversation): string | undefined {
  if (conversation.kind === 'direct') return conversation.person && shortName(conversation.person.handle);
  return plainName(conversation.group?.name ?? '') || undefined;
}
