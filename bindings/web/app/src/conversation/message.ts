/** One message in the history. */
import type { InfrasoundError, Message } from '@infrasound/client';
import { html, nothing, type TemplateResult } from 'lit';

import type { Change } from '../app/chat.ts';
import { keyOf } from '../app/message-key.ts';
import { hue, shortName } from '../app/people.ts';
import { clock, full } from '../app/times.ts';
import { english, told } from '../app/told.ts';
import { plainName } from '../text/name.ts';
import { plainText } from '../text/plain.ts';
import { icon } from '../widgets/icon.ts';
import { properties } from '../widgets/properties.ts';
import '../widgets/avatar.ts';
import { attachments } from './attachments.ts';
import { changeAgain } from './deliver.ts';
import type { Draw } from './draw.ts';
import { LIKE, reactions } from './reactions.ts';
import { ticks } from './ticks.ts';

/** Where a message stands among those of the same sender that follow each other. */
export interface Position { first: boolean; last: boolean }

export function messageRow(draw: Draw, message: Message, position: Position): TemplateResult {
  const { app, group } = draw;
  const { own, sender } = message;
  const key = keyOf(message);
  const { first, last } = position;
  const named = group && !own && first;
  const change = draw.chat.changeOf(key);
  return html`
    <li class="message ${own ? 'own' : 'other'} ${first ? 'first' : ''} ${last ? 'last' : ''} ${draw.flashed === key ? 'flashed' : ''}"
      data-id=${key} tabindex=${draw.focused === key ? 0 : -1} aria-label=${spoken(draw, message)}>
      ${group && !own ? html`<div class="gutter">${last ? html`<infrasound-avatar .name=${sender} title=${sender}></infrasound-avatar>` : nothing}</div>` : nothing}
      <div class="column">
        <div class="bubble" ${properties({ '--hue': String(hue(sender)) })}>
          ${named ? html`<bdi class="sender" title=${sender}>${shortName(sender)}</bdi>` : nothing}
          ${quote(draw, message)}
          ${attachments(draw, message)}
          ${content(draw, message)}
          <span class="meta">
            ${change && !change.refused ? html`<span class="changing">${app.say('changing')}</span>` : message.edited ? html`<span>${app.say('edited')}</span>` : nothing}
            <time datetime=${new Date(message.time).toISOString()} title=${full(app.locale, message.time)}>${clock(app.locale, message.time)}</time>
            ${own ? ticks(app.say, message) : nothing}
          </span>
        </div>
        ${reactions(draw, message)}
        ${failure(draw, message)}
        ${change?.refused ? refusal(draw, message, change, change.refused) : nothing}
      </div>
      ${tools(draw, message)}
    </li>`;
}

function content({ app: { say }, chat }: Draw, message: Message): TemplateResult | HTMLElement | typeof nothing {
  switch (message.body.kind) {
    case 'html': return message.body.html ? chat.bodies.of(keyOf(message), message.body.html) : nothing;
    case 'deleted': return html`<span class="faint">${say('message-deleted')}</span>`;
    case 'unsupported': return html`<span class="faint">${say('message-unsupported', { type: message.body.type })}</span>`;
    case 'unreadable': return html`<span class="faint">${say('message-unreadable')} <bdi lang="en">${message.body.reason}</bdi></span>`;
    case 'changes': return nothing;
  }
}

function quote(draw: Draw, message: Message): TemplateResult | typeof nothing {
  const id = message.inReplyTo;
  if (id === undefined || message.body.kind === 'deleted') return nothing;
  const answered = draw.chat.answered(id);
  return html`
    <button class="quote" tabindex="-1" @click=${() => draw.jump(id)}>
      ${answered
        ? html`<strong class="cut"><bdi>${answered.own ? draw.app.say('you') : shortName(answered.sender)}</bdi></strong><span class="cut" dir="auto">${summary(draw.app.say, answered)}</span>`
        : html`<span class="faint">${draw.app.say('quote-earlier')}</span>`}
    </button>`;
}

/** A message as one line of plain text. */
export function summary(say: Draw['app']['say'], message: Message): string {
  if (message.body.kind === 'deleted') return say('message-deleted');
  const text = message.body.kind === 'html' ? plainText(message.body.html) : '';
  return text || message.attachments.map(({ name }) => plainName(name)).join(', ') || say('message-other');
}

/** What a screen reader says when a message is reached: all that is seen of it. */
function spoken(draw: Draw, message: Message): string {
  const { app } = draw;
  const who = message.own ? app.say('you') : message.sender;
  const state = message.own ? app.say(`state-${message.state.step}`) : '';
  const change = draw.chat.changeOf(keyOf(message));
  const changing = change && !change.refused ? app.say('changing') : '';
  const reacted = message.reactions.map(({ emoji }) => emoji ?? LIKE).join(' ');
  return [who, summary(app.say, message), clock(app.locale, message.time), state, message.edited ? app.say('edited') : '', changing, reacted]
    .filter(Boolean).join(', ');
}

function failure(draw: Draw, message: Message): TemplateResult | typeof nothing {
  const { state } = message;
  const { app, chat } = draw;
  if (state.step === 'pending' && state.waitingFor) return html`<p class="hint">${told(english(state.waitingFor))}</p>`;
  if (state.step !== 'failed') return nothing;
  const error = chat.refused.get(message.id);
  return html`
    <p class="failed-line">
      <span>${app.say('state-failed')}. ${told(error ? app.explain(error) : english(state.reason))}</span>
      <button class="link" @click=${() => void app.attempt(() => chat.sendAgain(message))}>${app.say('retry')}</button>
    </p>`;
}

const REFUSED = { edit: 'not-changed', react: 'not-reacted', unreact: 'not-unreacted', delete: 'not-deleted' } as const;

function refusal({ app, chat }: Draw, message: Message, change: Change, error: InfrasoundError): TemplateResult {
  const { kind } = change.wish;
  return html`
    <p class="failed-line">
      <span>${app.say(REFUSED[kind])} ${told(app.explain(error))}</span>
      <button class="link" @click=${() => void changeAgain(app, chat, message, change)}>${app.say(kind === 'edit' ? 'edit' : 'retry')}</button>
      <button class="link" @click=${() => chat.forget(change)}>${app.say('dismiss')}</button>
    </p>`;
}

function tools(draw: Draw, message: Message): TemplateResult | typeof nothing {
  if (message.body.kind === 'deleted') return nothing;
  const { say } = draw.app;
  const anchor = (event: Event) => (event.currentTarget as HTMLElement).getBoundingClientRect();
  const open = draw.writable && message.number !== undefined;
  return html`
    <div class="tools">
      ${open ? html`
        <button tabindex="-1" aria-label=${say('react')} title=${say('react')} @click=${(event: Event) => draw.pickReaction(message, anchor(event))}>${icon('react', 19)}</button>
        <button tabindex="-1" aria-label=${say('reply')} title=${say('reply')} @click=${() => draw.chat.draft.answer(message)}>${icon('reply', 19)}</button>` : nothing}
      <button tabindex="-1" aria-label=${say('more')} title=${say('more')} @click=${(event: Event) => draw.openMenu(message, anchor(event))}>${icon('more', 19)}</button>
    </div>`;
}
