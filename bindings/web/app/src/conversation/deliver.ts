/** Sends what is in a draft, or puts the correction in place. What can't go comes back into the draft. */
import type { App } from '../app/app.ts';
import type { Chat } from '../app/chat.ts';

export async function deliver(app: App, chat: Chat): Promise<void> {
  const { draft } = chat;
  const { text, files, answering, editing } = draft;
  draft.clear();
  chat.firstUnread = undefined;
  const gone = await app.attempt(async () => {
    if (editing) {
      await chat.handle.edit(editing.id, text.trim());
      return;
    }
    const { message, controller } = await chat.send(text.trim(), files, answering);
    if (files.length > 0) app.files.began(message, controller);
  });
  if (!gone && draft.isEmpty) draft.set({ text, files, answering, editing });
}
