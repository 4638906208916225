/** What can be done with a message. */
import type { Message, ObjectId } from '@infrasound/client';

import type { App } from '../app/app.ts';
import type { Chat } from '../app/chat.ts';
import { Files } from '../app/files.ts';
import { plainName } from '../text/name.ts';
import { plainText } from '../text/plain.ts';
import type { MenuItem } from '../widgets/menu.ts';
import { ownReactions, react } from './reactions.ts';

/** What the history does itself. */
export interface Actions { pick(): void; look(index: number): void; jump(answered: ObjectId): void }

export function messageMenu(app: App, chat: Chat, message: Message, writable: boolean, { pick, look, jump }: Actions): MenuItem[] {
  const { say } = app;
  const items: MenuItem[] = [];
  const { body, own, attachments, inReplyTo } = message;
  if (body.kind === 'deleted' || body.kind === 'changes') return items;
  const there = writable && message.number !== undefined;
  if (there) {
    items.push({ label: say('reply'), icon: 'reply', action: () => chat.draft.answer(message) });
    items.push({ label: say('react'), icon: 'react', action: pick });
    for (const emoji of ownReactions(app, message)) {
      items.push({ label: say('unreact', { emoji }), icon: 'react', action: () => react(app, chat, message, emoji) });
    }
  }
  if (body.kind === 'html' && body.html) {
    items.push({ label: say('copy-text'), icon: 'copy', action: () => void app.attempt(() => navigator.clipboard.writeText(plainText(body.html)), 'copied') });
  }
  if (inReplyTo !== undefined) items.push({ label: say('to-answered'), icon: 'reply', action: () => jump(inReplyTo) });
  for (const [index, file] of attachments.entries()) {
    if (!Files.isPicture(file)) continue;
    const label = attachments.length === 1 ? say('open-picture') : `${say('open-picture')}: ${plainName(file.name)}`;
    items.push({ label, icon: 'file', action: () => look(index) });
  }
  for (const file of attachments.filter(Files.isFetchable)) {
    const label = attachments.length === 1 ? say('save') : `${say('save')}: ${plainName(file.name)}`;
    items.push({ label, icon: Files.isPicture(file) ? 'download' : 'file', action: () => void app.files.save(chat.handle, file) });
  }
  if (message.state.step === 'failed') {
    items.push({ label: say('retry'), icon: 'retry', action: () => void app.attempt(() => chat.sendAgain(message)) });
    items.push({ label: say('delete'), icon: 'trash', danger: true, action: () => void discard(app, chat, message) });
  }
  if (own && there && body.kind === 'html') {
    items.push({ label: say('edit'), icon: 'edit', action: () => chat.draft.edit(message) });
  }
  if (own && writable && message.state.step !== 'failed') {
    items.push({ label: say('delete'), icon: 'trash', danger: true, action: () => void remove(app, chat, message) });
  }
  return items;
}

async function remove(app: App, chat: Chat, message: Message): Promise<void> {
  const sure = await app.confirm({ title: app.say('delete-title'), text: app.say('delete-text'), action: app.say('delete'), danger: true });
  if (sure) await app.attempt(() => chat.change(message, { kind: 'delete' }));
}

async function discard(app: App, chat: Chat, message: Message): Promise<void> {
  const sure = await app.confirm({ title: app.say('delete-title'), text: app.say('discard-text'), action: app.say('delete'), danger: true });
  if (sure) await app.attempt(() => chat.discard(message));
}
