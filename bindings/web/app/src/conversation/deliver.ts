/** Sends what is in a draft, or puts the correction in place. What can't go comes back into the draft. */
import type { Message } from '@infrasound/client';

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
  const going = app.attempt(() => chat.send(text.trim(), files, answering));
  draft.clear();
  const gone = await going;
  if (!gone) draft.restore({ text, files, answering });
}

/** A change that was refused, once more; a correction is first put where one writes. */
export async function changeAgain(app: App, chat: Chat, message: Message, change: Change): Promise<void> {
  chat.forget(change);
  const { wish } = change;
  if (wish.kind === 'edit') chat.draft.edit(message, wish.text);
  else await app.attempt(() => chat.change(message, wish));
}
