/** What a person should know of a conversation: what keeps messages from going, and what was tampered with. */
import type { Conversation } from '@infrasound/client';
import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';

import type { AppWarning } from '../app/app.ts';
import { Part } from '../app/part.ts';
import { english, told } from '../app/told.ts';
import { icon } from '../widgets/icon.ts';

@customElement('infrasound-banners')
export class Banners extends Part {
  static override styles = [Part.styles, css`
    :host {
      flex: none;
      display: block;
      max-block-size: 40%;
      overflow: auto;
    }

    .banner {
      display: flex;
      align-items: center;
      gap: 12px;
      padding-inline: 18px 8px;
      background: var(--warning);
      color: var(--on-warning);
      font-size: 0.94em;
    }

    .banner p {
      flex: 1;
      padding-block: 11px;
    }

    .banner.quiet {
      background: var(--hover);
      color: var(--text);
    }

    .banner .link,
    .banner .icon-button {
      color: inherit;
    }

    .banner .link {
      text-decoration: underline;
    }
  `];

  @property({ attribute: false }) conversation: Conversation | undefined;

  override render() {
    const { conversation, app } = this;
    if (!conversation) return nothing;
    const warnings = app.warnings.filter((warning) => warning.conversation === conversation.id);
    return html`
      ${conversation.waiting ? html`<div class="banner quiet" role="status">${icon('clock', 20)}<p>${told(english(conversation.waiting))}</p></div>` : nothing}
      <div role="alert">
        ${app.changedKeys.has(conversation.id) ? this.#keyChanged(conversation) : nothing}
        ${repeat(warnings, ({ key }) => key, (warning) => this.#warning(warning))}
      </div>`;
  }

  #keyChanged(conversation: Conversation) {
    return html`
      <div class="banner">
        ${icon('warning', 20)}
        <p dir="auto">${this.say('key-changed', { name: this.app.title(conversation) })}</p>
        <button class="link" @click=${() => this.app.detail('safety')}>${this.say('compare')}</button>
        <button class="icon-button" aria-label=${this.say('dismiss')} title=${this.say('dismiss')} @click=${() => this.app.keySeen(conversation.id)}>${icon('close', 18)}</button>
      </div>`;
  }

  #warning(warning: AppWarning) {
    return html`
      <div class="banner">
        ${icon('warning', 20)}
        <p>${told(warning.told)}</p>
        <button class="icon-button" aria-label=${this.say('dismiss')} title=${this.say('dismiss')} @click=${() => this.app.dismissWarning(warning)}>${icon('close', 18)}</button>
      </div>`;
  }
}
