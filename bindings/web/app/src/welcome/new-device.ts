/** On the new device: the code for an old one, the number to compare, how the history comes in. */
import type { LinkState, NewDeviceLink } from '@infrasound/client';
import { html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';

import { Part } from '../app/part.ts';
import { english, told } from '../app/told.ts';
import { frame } from './frame.ts';
import '../widgets/qr.ts';

@customElement('infrasound-new-device')
export class NewDevice extends Part {
  static override styles = [Part.styles, frame];

  @property({ attribute: false }) link!: NewDeviceLink;
  @state() private at: LinkState = { step: 'waiting' };
  @state() private confirmed = false;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.app.attempt(async () => {
      for await (const at of this.link.watch()) this.at = at;
    });
  }

  override render() {
    return html`<main aria-live="polite">${this.#step()}</main>`;
  }

  #step() {
    const { at } = this;
    switch (at.step) {
      case 'opened':
        return html`
          <h1>${this.say('new-device-title')}</h1>
          <p class="lead">${this.say('new-device-text')}</p>
          <div class="card">
            <infrasound-qr .text=${at.uri} .label=${this.say('new-device-qr')}></infrasound-qr>
            <p class="lead">${this.say('new-device-or-code')}</p>
            <p class="big">${at.code}</p>
          </div>
          ${this.#cancel()}`;
      case 'compare':
        return html`
          <h1>${this.say(at.mode === 'number' ? 'compare-title' : 'confirm-there')}</h1>
          <p class="lead">${this.say(at.mode === 'number' ? 'compare-text' : 'confirm-there-text')}</p>
          <div class="card">
            <p class="big">${at.number}</p>
            ${at.mode === 'number'
              ? html`<button class="button primary" ?disabled=${this.confirmed} @click=${this.#confirm}>${this.say(this.confirmed ? 'compare-waiting' : 'compare-same')}</button>`
              : nothing}
          </div>
          ${this.#cancel('compare-different')}`;
      case 'transferring':
        return html`
          <h1>${this.say('transfer-title')}</h1>
          <p class="lead">${this.say('transfer-text', { count: at.records })}</p>
          <progress aria-label=${this.say('transfer-title')}></progress>`;
      case 'failed':
        return html`
          <h1>${this.say('link-failed')}</h1>
          <p class="lead">${told(english(at.message))}</p>
          <button class="button primary" @click=${this.#again}>${this.say('start-again')}</button>`;
      case 'done':
        return html`<h1>${this.say('link-done')}</h1><progress aria-label=${this.say('loading')}></progress>`;
      case 'waiting':
        return html`<h1>${this.say('new-device-title')}</h1><progress aria-label=${this.say('loading')}></progress>${this.#cancel()}`;
    }
  }

  #cancel(key: 'cancel' | 'compare-different' = 'cancel') {
    return html`<button class="link" @click=${this.#giveUp}>${this.say(key)}</button>`;
  }

  async #confirm(): Promise<void> {
    this.confirmed = await this.app.attempt(() => this.link.confirm());
  }

  async #giveUp(): Promise<void> {
    await this.app.attempt(() => this.link.cancel());
    this.#again();
  }

  #again(): void {
    this.dispatchEvent(new CustomEvent('restart'));
  }
}
