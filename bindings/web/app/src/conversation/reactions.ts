/** The reactions to a message, each emoji once with how many chose it. */
import type { Message } from '@infrasound/client';
import { html, nothing, type TemplateResult } from 'lit';

import type { App } from '../app/app.ts';
import type { Chat } from '../app/chat.ts';
import { shortName } from '../app/people.ts';
import type { Draw } from './draw.ts';

/** What a reaction without an emoji stands for. */
export const LIKE = '❤️';

export function reactions(draw: Draw, message: Message): TemplateResult | typeof nothing {
  if (message.reactions.length === 0 || message.body.kind === 'deleted') return nothing;
  const { app, chat } = draw;
  const by = new Map<string, string[]>();
  for (const { sender, emoji = LIKE } of message.reactions) by.set(emoji, [...(by.get(emoji) ?? []), sender]);
  return html`
    <div class="reactions" role="group" aria-label=${app.say('reactions')}>
      ${[...by].map(([emoji, senders]) => {
        const own = senders.some((sender) => app.isMe(sender));
        const names = new Intl.ListFormat(app.locale).format(senders.map((sender) => (app.isMe(sender) ? app.say('you') : shortName(sender))));
        return html`<button class="reaction" tabindex="-1" aria-pressed=${own} ?disabled=${!draw.writable} title=${names} aria-label=${`${emoji} ${names}`}
          @click=${() => react(app, chat, message, emoji)}><span>${emoji}</span>${senders.length > 1 ? html`<span>${senders.length}</span>` : nothing}</button>`;
      })}
    </div>`;
}

/** The emojis that this account has reacted with. */
export function ownReactions(app: App, message: Message): string[] {
  return message.reactions.filter(({ sender }) => app.isMe(sender)).map(({ emoji = LIKE }) => emoji);
}

/** Reacts, or takes that back if it is there already. */
export function react(app: App, chat: Chat, message: Message, emoji: string): void {
  const by = app.status.me?.handle ?? '';
  const kind = ownReactions(app, message).includes(emoji) ? 'unreact' : 'react';
  void app.attempt(() => chat.change(message, { kind, by, emoji: emoji === LIKE ? undefined : emoji }));
}
