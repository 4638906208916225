/** The place for the first message to somebody: the conversation begins with it. */
import type { Handle } from '@infrasound/client';
import { css, html, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';

import { Part } from '../app/part.ts';
import { shortName } from '../app/people.ts';
import { icon } from '../widgets/icon.ts';
import '../widgets/avatar.ts';
import './composer.ts';
import { viewStyles } from './view-styles.ts';

@customElement('infrasound-first-message')
export class FirstMessage extends Part {
  static override styles = [Part.styles, viewStyles, css`
    .middle {
      flex: 1;
      display: grid;
      align-content: center;
      justify-items: center;
      gap: 10px;
      padding: 24px;
      overflow: auto;
      text-align: center;
      color: var(--muted);
      --avatar-size: 88px;
    }

    .middle p {
      max-inline-size: 380px;
      text-wrap: pretty;
    }

    h2 {
      color: var(--text);
      font-size: 1.25em;
    }

    .sent {
      max-inline-size: min(78%, 620px);
      margin: 2px 16px;
      padding: 7px 12px;
      align-self: flex-end;
      border-radius: var(--radius);
      background: var(--own);
      color: var(--on-own);
      white-space: pre-wrap;
      overflow-wrap: anywhere;
    }

    .sent .icon {
      display: inline-block;
      margin-inline-start: 8px;
      vertical-align: -2px;
    }
  `];

  @property() to: Handle = '';
  @state() private sent: string[] = [];

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (changed.has('to')) this.sent = [];
  }

  override render() {
    const name = shortName(this.to);
    return html`
      <section aria-label=${this.to}>
        <header>
          ${this.app.narrow ? html`<button class="icon-button" aria-label=${this.say('back')} @click=${() => this.app.back()}>${icon('back')}</button>` : nothing}
          <div class="who">
            <infrasound-avatar .name=${this.to}></infrasound-avatar>
            <span class="names"><span class="name cut"><bdi>${name}</bdi></span><span class="hint cut"><bdi>${this.to}</bdi></span></span>
          </div>
        </header>
        <div class="middle">
          <infrasound-avatar .name=${this.to}></infrasound-avatar>
          <h2><bdi>${this.to}</bdi></h2>
          <p>${this.say('first-hint', { name })}</p>
        </div>
        ${this.sent.map((text) => html`<p class="sent" dir="auto">${text}${icon('clock', 15)}<span class="spoken">${this.say('state-pending')}</span></p>`)}
        <infrasound-composer .app=${this.app} .draft=${this.app.firstDraft(this.to)} .to=${name} @send=${this.#send}></infrasound-composer>
      </section>`;
  }

  override firstUpdated(): void {
    const composer = this.renderRoot.querySelector('infrasound-composer');
    void composer?.updateComplete.then(() => composer.focusText());
  }

  async #send(): Promise<void> {
    const { to } = this;
    const draft = this.app.firstDraft(to);
    const { text, files, answering } = draft;
    draft.clear();
    const line = text || files.map(({ name }) => name).join(', ');
    this.sent = [...this.sent, line];
    const comeBack = () => {
      draft.restore({ text, files, answering });
      if (this.to === to) this.sent = this.sent.filter((other) => other !== line);
    };
    const gone = await this.app.attempt(async () => {
      const { conversation, sent } = await this.app.connected.send(to, text.trim(), files.length > 0 ? { files } : {});
      // Without a conversation there is no message either that says that it failed, and can be sent again.
      sent.catch(() => {
        if (conversation === undefined) comeBack();
      });
      if (conversation !== undefined && this.app.place.to === to) this.app.go({ side: 'list', conversation });
    });
    if (!gone) comeBack();
  }
}
