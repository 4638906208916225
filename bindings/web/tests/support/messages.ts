/** Steps that many tests take: to write, and to wait until it is read elsewhere. */

import assert from 'node:assert/strict';

import type { Tab } from './browser.ts';

/** Writes to somebody, and waits until the message is in the log. */
export async function send(from: Tab, to: string, text: string): Promise<string> {
  return from.run(
    async (client, { to, text }) => {
      const { message, sent } = await client.send(to, text);
      await sent;
      return message;
    },
    { to, text },
  );
}

export interface Read {
  id: string;
  number?: number;
  sender: string;
  text: string;
  state: string;
}

/** The messages with somebody, oldest first, as text. */
export async function messagesWith(tab: Tab, who: string): Promise<Read[]> {
  return tab.run(async (client, who) => {
    const id = await client.conversationWith(who);
    if (id === undefined) return [];
    const messages = await client.conversation(id).messages({ limit: 500 });
    return messages.map(({ id, number, sender, body, state }) => {
      const text = body.kind === 'html' ? body.html.replace(/<[^>]*>/g, '') : body.kind;
      const read = { id, sender, text, state: state.step };
      return number === undefined ? read : { ...read, number };
    });
  }, who);
}

export async function textsWith(tab: Tab, who: string): Promise<string[]> {
  return (await messagesWith(tab, who)).map(({ text }) => text);
}

/** Waits until something is so, looking again and again. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T>,
  isSo: (value: T) => boolean,
  limit = 20_000,
): Promise<T> {
  const deadline = Date.now() + limit;
  for (;;) {
    const value = await look();
    if (isSo(value)) return value;
    if (Date.now() > deadline) assert.fail(`not in time: ${what}; last seen: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

/** Waits until these texts, and no others, are what was said with somebody. */
export async function says(tab: Tab, who: string, texts: string[]): Promise<void> {
  const wanted = JSON.stringify(texts);
  await eventually(`${wanted} with ${who}`, () => textsWith(tab, who), (seen) => JSON.stringify(seen) === wanted);
}
