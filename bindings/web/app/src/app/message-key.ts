/** What a message is known by. Senders choose the ids of their messages, so an id alone may be that of two people's. */
import type { Message } from '@infrasound/client';

export type MessageKey = string;

export function keyOf({ sender, id }: Pick<Message, 'sender' | 'id'>): MessageKey {
  return `${sender} ${id}`;
}
