/** Who is typing where. It is told now and then while it goes on, so it is forgotten a little later by itself. */
import type { ConversationId, Handle } from '@infrasound/client';

import { Observable } from './observable.ts';

const SHOWN = 6_000;

export class Typing extends Observable {
  readonly #timers = new Map<ConversationId, Map<Handle, ReturnType<typeof setTimeout>>>();

  in(conversation: ConversationId): Handle[] {
    return [...(this.#timers.get(conversation)?.keys() ?? [])];
  }

  began(conversation: ConversationId, who: Handle): void {
    const people = this.#timers.get(conversation) ?? new Map<Handle, ReturnType<typeof setTimeout>>();
    this.#timers.set(conversation, people);
    clearTimeout(people.get(who));
    people.set(who, setTimeout(() => this.ended(conversation, who), SHOWN));
    this.changed();
  }

  ended(conversation: ConversationId, who: Handle): void {
    const people = this.#timers.get(conversation);
    clearTimeout(people?.get(who));
    if (people?.delete(who)) this.changed();
  }
}
