/** What the person keeps: the account, contacts, conversations and messages, as JSON Lines in clear. */

import type { Conversation, Message } from '../api.js';
import type { CoreLook } from '../shared/core_types.js';

const PAGE = 200;

/** A stream that reads page after page, as fast as it is taken. */
export function exportLines(
  look: () => Promise<CoreLook>,
  messages: (conversation: string, before: number | undefined, limit: number) => Promise<Message[]>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const lines = (async function* () {
    const { me, device, policy, contacts, conversations } = await look();
    yield { type: 'export', version: 1, exported: Date.now(), me, device, policy };
    for (const contact of contacts) yield { type: 'contact', ...contact };
    for (const conversation of conversations as Conversation[]) {
      yield { type: 'conversation', ...conversation };
      yield* backwards(conversation.id, messages);
    }
  })();
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await lines.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
    },
    cancel: async () => {
      await lines.return(undefined);
    },
  });
}

/** A conversation's messages, the newest page first, each page as it was said. */
async function* backwards(
  conversation: string,
  messages: (conversation: string, before: number | undefined, limit: number) => Promise<Message[]>,
): AsyncGenerator<object, void> {
  let before: number | undefined;
  for (;;) {
    const page = await messages(conversation, before, PAGE);
    for (const message of page) yield { type: 'message', ...message };
    const numbers = page.flatMap(({ number }) => (number === undefined ? [] : [number]));
    const first = Math.min(...numbers);
    if (numbers.length === 0 || (before !== undefined && first >= before)) return;
    before = first;
  }
}
