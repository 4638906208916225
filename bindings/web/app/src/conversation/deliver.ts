/** Sends what is in a draft, or puts the correction in place. What can't go comes back into the draft. */
import { InfrasoundError, type Message } from '@infrasound/client';

import type { App } from '../app/app.ts';
import type { Change, Chat } from '../app/chat.ts';
import { editable } from '../text/plain.ts';

export async function deliver(app: App, chat: Chat): Promise<void> {
  const { draft } = chat;
  chat.firstUnread = undefined;
  const { text, files, answering, editing, correction } = draft;
  if (editing) {
    draft.stopEditing();
    const wanted = correction.trim();
    if (editing.body.kind === 'html' && wanted === editable(editing.body.html)) return;
    const gone = await app.attempt(() => chat.change(editing, { kind: 'edit', text: wanted }));
    if (!gone && !draft.editing) draft.edit(editing, correction);
    return;
  }
  draft.clear();
  const gone = await app.attempt(() => chat.send(text.trim(), files, answering));
  if (!gone) draft.restore({ text, files, answering });
}

/** A message that did not go. Only the page that wrote it has its files: on another one the text is put where one writes. */
export async function sendAgain(app: App, chat: Chat, message: Message): Promise<void> {
  try {
    await chat.sendAgain(message);
    chat.replaced(message);
  } catch (error) {
    const forgotten = error instanceof InfrasoundError && error.code === 'not-found';
    if (!forgotten || message.body.kind !== 'html') {
      app.toast(app.explain(error), true);
      return;
    }
    const back = chat.draft.restore({ text: editable(message.body.html), files: [], answering: undefined });
    app.toast(app.say(back ? 'written-back-files' : 'written-first'));
  }
}

/** A change that was refused, once more; a correction is first put where one writes. */
export async function changeAgain(app: App, chat: Chat, message: Message, change: Change): Promise<void> {
  chat.forget(change);
  const { wish } = change;
  if (wish.kind === 'edit') chat.draft.edit(message, wish.text);
  else await app.attempt(() => chat.change(message, wish));
}
