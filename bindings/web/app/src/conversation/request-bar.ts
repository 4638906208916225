/** Somebody new has written, or invites into a group: accept, ignore or block, and what each does. */
import type { Consent, Conversation } from '@infrasound/client';
import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';

import { Part } from '../app/part.ts';
import { shortName } from '../app/people.ts';

@customElement('infrasound-request-bar')
export class RequestBar extends Part {
  static override styles = [Part.styles, css`
    :host {
      flex: none;
      display: grid;
      gap: 12px;
      padding: 16px 20px max(16px, env(safe-area-inset-bottom));
      border-block-start: 1px solid var(--line);
      background: var(--surface);
    }

    .actions {
      justify-content: center;
    }

    p {
      max-inline-size: 560px;
      margin-inline: auto;
      text-align: center;
      text-wrap: pretty;
    }
  `];

  @property({ attribute: false }) conversation!: Conversation;

  override render() {
    const { conversation } = this;
    const { consent, kind } = conversation;
    const group = kind === 'group';
    const who = group ? conversation.group?.inviter?.handle : conversation.person?.handle;
    const name = who ? shortName(who) : this.say('somebody');
    if (!conversation.request) {
      return html`
        <p>${this.say(consent === 'blocked' ? 'blocked-text' : 'ignored-text', { name: this.app.title(conversation) })}</p>
        <div class="actions"><button class="button primary" @click=${() => this.#answer('accepted')}>${this.say(consent === 'blocked' ? 'unblock' : 'accept')}</button></div>`;
    }
    return html`
      <p>${this.say(group ? 'invitation-text' : 'request-text', { name })} ${who ? html`<bdi class="hint">${who}</bdi>` : nothing}</p>
      <p class="hint">${this.say('request-hint')}</p>
      <div class="actions">
        <button class="button danger" @click=${this.#block}>${this.say('block')}</button>
        <button class="button" @click=${() => this.#answer('ignored')}>${this.say(group ? 'decline' : 'ignore')}</button>
        <button class="button primary" @click=${() => this.#answer('accepted')}>${this.say('accept')}</button>
      </div>`;
  }

  async #block(): Promise<void> {
    const name = this.app.title(this.conversation);
    const sure = await this.app.confirm({ title: this.say('block-title', { name }), text: this.say('block-text'), action: this.say('block'), danger: true });
    if (sure) await this.#answer('blocked');
  }

  async #answer(consent: Consent): Promise<void> {
    const { id } = this.conversation;
    const done = await this.app.attempt(() => this.app.connected.conversation(id).answer(consent));
    if (done && this.app.place.conversation === id) this.app.go(consent === 'accepted' ? { side: 'list', conversation: id } : { side: 'list' });
  }
}
