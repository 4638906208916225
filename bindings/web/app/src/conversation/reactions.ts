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
  const { app } = draw;
  const by = new Map<string, string[]>();
  for (const { sender, emoji = LIKE } of message.reactions) by.set(emoji, [...(by.get(emoji) ?? []), sender]);
  return html`
    <div class="reactions" role="group" aria-label=${app.say('reactions')}>
      ${[...by].map(([emoji, senders]) => {
        const own = senders.some((sender) => app.isMe(sender));
        const names = new Intl.ListFormat(app.locale).format(senders.map((sender) => (app.isMe(sender) ? app.say('you') : shortName(sender))));
        return html`<button class="reaction" tabindex="-1" aria-pressed=${own} ?disabled=${!draw.writable || own} title=${names} aria-label=${`${emoji} ${names}`}
          @click=${() => react(app, draw.chat, message, emoji)}><span>${emoji}</span>${senders.length > 1 ? html`<span>${senders.length}</span>` : nothing}</button>`;
      })}
    </div>`;
}

export function react(app: App, chat: Chat, message: Message, emoji: string): void {
  const by = app.status.me?.handle ?? '';
  void app.attempt(() => chat.change(message, { kind: 'react', by, emoji: emoji === LIKE ? undefined : emoji }));
}
