/** Sends what is in a draft, or puts the correction in place. What can't go comes back into the draft. */
import type { Message } from '@infrasound/client';

import type { App } from '../app/app.ts';
import type { Chat } from '../app/chat.ts';
import { editable } from '../text/plain.ts';

export async function deliver(app: App, chat: Chat): Promise<void> {
  const { draft } = chat;
  chat.firstUnread = undefined;
  const { text, files, answering, editing, correction } = draft;
  if (editing) {
    draft.stopEditing();
    const gone = await app.attempt(() => chat.handle.edit(editing.id, correction.trim()));
    if (!gone && !draft.editing) draft.edit(editing, correction);
    return;
  }
  draft.clear();
  const gone = await app.attempt(() => chat.send(text.trim(), files, answering));
  if (!gone) draft.restore({ text, files, answering });
}

/** A message that did not go. What cannot go again as it was, as after a reload, is put where one writes. */
export async function sendAgain(app: App, chat: Chat, message: Message): Promise<void> {
  const gone = await app.attempt(() => chat.handle.retry(message.id));
  if (!gone && message.body.kind === 'html') chat.draft.restore({ text: editable(message.body.html), files: [], answering: undefined });
}
