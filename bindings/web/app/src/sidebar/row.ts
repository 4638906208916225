/** One conversation in the list. */
import type { Conversation } from '@infrasound/client';
import { css, html, nothing, type TemplateResult } from 'lit';

import type { App } from '../app/app.ts';
import { Files } from '../app/files.ts';
import { brief, full } from '../app/times.ts';
import { icon } from '../widgets/icon.ts';
import '../widgets/avatar.ts';
import '../widgets/menu.ts';
import type { MenuItem } from '../widgets/menu.ts';

export const rowStyles = css`
  .rows li {
    position: relative;
  }

  .rows .row {
    min-block-size: 72px;
    padding-inline: 16px;
  }

  .row[aria-current='true'] {
    background: var(--chosen);
  }

  .line {
    display: flex;
    align-items: center;
    gap: 8px;
  }

  .line > .cut {
    flex: 1;
  }

  .when,
  .preview {
    color: var(--muted);
    font-size: 0.92em;
  }

  .when {
    flex: none;
    font-size: 0.85em;
  }

  .line .icon {
    color: var(--muted);
  }

  .new .when {
    color: var(--accent);
    font-weight: 600;
  }

  .new .preview {
    color: var(--text);
  }

  .badge {
    flex: none;
    min-inline-size: 22px;
    padding: 0 7px;
    border-radius: 11px;
    background: var(--accent);
    color: var(--on-accent);
    font-size: 0.82em;
    font-weight: 600;
    line-height: 22px;
    text-align: center;
    font-variant-numeric: tabular-nums;
  }

  .badge.quiet {
    background: light-dark(#66716f, #89979a);
    color: light-dark(#fff, #10191a);
  }

  .typing {
    color: var(--accent);
  }

  .row-menu {
    position: absolute;
    inset-block-end: 6px;
    inset-inline-end: 10px;
    opacity: 0;
    border-radius: 50%;
    background: var(--background);
  }

  li:hover > .row-menu,
  .row-menu:focus-within {
    opacity: 1;
  }

  @media (hover: hover) {
    /* The menu stands where the number was. */
    li:hover .badge {
      visibility: hidden;
    }
  }

  @media (hover: none) {
    .row-menu {
      display: none;
    }
  }
`;

export function conversationRow(app: App, conversation: Conversation): TemplateResult {
  const { id, kind, unread, muted } = conversation;
  const name = app.title(conversation);
  const count = unread > 999 ? '999+' : String(unread);
  return html`
    <li @contextmenu=${openMenu}>
      <button class="row ${unread > 0 ? 'new' : ''}" aria-current=${app.place.conversation === id} @click=${() => app.open(id)}>
        <infrasound-avatar .name=${kind === 'direct' ? conversation.person?.handle ?? '' : conversation.group?.name ?? ''} .seed=${kind === 'group' ? id : ''}
          .picture=${groupPicture(app, conversation)} ?group=${kind === 'group'}></infrasound-avatar>
        <span class="grow">
          <span class="line">
            <strong class="cut" dir="auto">${name}</strong>
            ${app.changedKeys.has(id) ? html`${icon('warning', 16)}<span class="spoken">${app.say('key-changed', { name })}</span>` : nothing}
            ${muted ? html`${icon('mute', 16)}<span class="spoken">${app.say('muted')}</span>` : nothing}
            <time class="when" datetime=${new Date(conversation.lastTime).toISOString()} title=${full(app.locale, conversation.lastTime)}>${brief(app.locale, conversation.lastTime)}</time>
          </span>
          <span class="line">
            ${preview(app, conversation)}
            ${unread > 0 ? html`<span class="badge ${muted ? 'quiet' : ''}"><span aria-hidden="true">${count}</span><span class="spoken">${app.say('unread', { count: unread })}</span></span>` : nothing}
          </span>
        </span>
      </button>
      <div class="row-menu"><infrasound-menu small .label=${app.say('more-about', { name })} .items=${menu(app, conversation)}></infrasound-menu></div>
    </li>`;
}

function preview(app: App, conversation: Conversation): TemplateResult {
  const typing = app.typing.in(conversation.id);
  if (typing.length > 0) return html`<span class="preview cut typing">${app.say('typing-short')}</span>`;
  if (conversation.consent === 'blocked') return html`<span class="preview cut">${app.say('blocked')}</span>`;
  return html`<span class="preview cut" dir="auto">${conversation.preview}</span>`;
}

export function groupPicture(app: App, conversation: Conversation): string | undefined {
  // A stranger's picture is not fetched before they are let in.
  const picture = conversation.request ? undefined : conversation.group?.picture;
  return picture && Files.isFetchable(picture) && app.client ? app.files.picture(app.client.conversation(conversation.id), picture) : undefined;
}

export function menu(app: App, conversation: Conversation): MenuItem[] {
  const handle = app.connected.conversation(conversation.id);
  const { muted, archived } = conversation;
  return [
    { label: app.say(muted ? 'unmute' : 'mute'), icon: muted ? 'bell' : 'mute', action: () => void app.attempt(() => handle.mute(!muted)) },
    { label: app.say(archived ? 'unarchive' : 'archive'), icon: 'archive', action: () => void app.attempt(() => handle.archive(!archived)) },
  ];
}

function openMenu(event: MouseEvent): void {
  const menu = (event.currentTarget as HTMLElement).querySelector('infrasound-menu');
  if (!menu) return;
  event.preventDefault();
  menu.open(event);
}
