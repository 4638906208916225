/** Sends what is in a draft, or puts the correction in place. What can't go comes back into the draft. */
import type { App } from '../app/app.ts';
import type { Chat } from '../app/chat.ts';

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
