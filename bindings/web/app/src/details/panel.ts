/** A page of the column at the end, about one conversation. */
import type { Conversation, ConversationHandle } from '@infrasound/client';
import { css, html, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';

import { Part } from '../app/part.ts';
import { page } from '../sidebar/page.ts';
import { icon } from '../widgets/icon.ts';
import { switchStyles } from '../widgets/switch.ts';

export class Panel extends Part {
  static override styles = [Part.styles, page, switchStyles, css`
    .top {
      display: grid;
      justify-items: center;
      gap: 8px;
      padding: 8px 24px 20px;
      text-align: center;
      overflow-wrap: anywhere;
      --avatar-size: 104px;
    }

    .top h3 {
      font-size: 1.35em;
    }

    .row {
      --avatar-size: 40px;
    }

    .narrow {
      inline-size: auto;
      max-inline-size: 60%;
    }

    .member {
      display: flex;
      align-items: center;
    }

    .member .row {
      flex: 1;
      min-inline-size: 0;
    }

    .role {
      flex: none;
      padding: 2px 10px;
      border-radius: 10px;
      background: var(--hover);
      color: var(--muted);
      font-size: 0.85em;
    }
  `];

  @property({ attribute: false }) conversation!: Conversation;

  protected get handle(): ConversationHandle {
    return this.app.connected.conversation(this.conversation.id);
  }

  protected muteRow(): TemplateResult {
    const { muted } = this.conversation;
    return html`<button class="row" @click=${() => this.app.attempt(() => this.handle.mute(!muted))}>${icon(muted ? 'bell' : 'mute')}<span class="grow">${this.say(muted ? 'unmute' : 'mute')}</span></button>`;
  }

  protected archiveRow(): TemplateResult {
    const { archived } = this.conversation;
    return html`<button class="row" @click=${() => this.app.attempt(() => this.handle.archive(!archived))}>${icon('archive')}<span class="grow">${this.say(archived ? 'unarchive' : 'archive')}</span></button>`;
  }
}
