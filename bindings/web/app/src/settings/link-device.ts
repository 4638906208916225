/** On an old device: links a new one, by the code or the QR code that it shows. */
import type { LinkState, OldDeviceLink } from '@infrasound/client';
import { css, html, nothing } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';

import { Part } from '../app/part.ts';
import { english, told } from '../app/told.ts';
import { head, page } from '../sidebar/page.ts';
import { icon } from '../widgets/icon.ts';
import '../widgets/scanner.ts';
import { canScan } from '../widgets/scanner.ts';

@customElement('infrasound-link-device')
export class LinkDevice extends Part {
  static override styles = [Part.styles, page, css`
    .big {
      font: 600 1.7em / 1.3 ui-monospace, 'SF Mono', Menlo, Consolas, monospace;
      letter-spacing: 0.08em;
      text-align: center;
      direction: ltr;
    }
  `];

  @state() private link: OldDeviceLink | undefined;
  @state() private at: LinkState | undefined;
  @state() private scanning = false;
  @state() private confirmed = false;
  @query('#code') private input!: HTMLInputElement;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    // Who leaves in the middle has not agreed.
    if (this.link && this.at?.step !== 'done' && this.at?.step !== 'transferring') void this.link.cancel().catch(() => undefined);
  }

  override render() {
    return html`${head(this.app, this.say('link-device'))}<div class="scroll"><div class="padded" aria-live="polite">${this.#step()}</div></div>`;
  }

  #step() {
    const { at } = this;
    switch (at?.step) {
      case undefined:
        return html`
          <p>${this.say('link-device-text')}</p>
          ${this.scanning
            ? html`<infrasound-scanner .say=${this.say} @scanned=${(event: CustomEvent<string>) => this.#begin(event.detail)}></infrasound-scanner>`
            : canScan() ? html`<button class="button" @click=${() => (this.scanning = true)}>${icon('camera', 20)}${this.say('scan')}</button>` : nothing}
          <form class="padded" @submit=${this.#submit}>
            <div class="field"><label for="code">${this.say('link-device-code')}</label>
              <input id="code" class="input" dir="ltr" required autocapitalize="characters" autocomplete="off" spellcheck="false" placeholder="XXXX-XXXX"></div>
            <button class="button primary">${this.say('continue')}</button>
          </form>`;
      case 'compare':
        return html`
          <p>${this.say(at.mode === 'number' ? 'compare-text' : 'link-confirm-text')}</p>
          ${at.device ? html`<p><strong dir="auto">${at.device}</strong></p>` : nothing}
          ${at.mode === 'number' ? html`<p class="big">${at.number}</p>` : nothing}
          <button class="button primary" ?disabled=${this.confirmed} @click=${this.#confirm}>${this.say(this.confirmed ? 'compare-waiting' : at.mode === 'number' ? 'compare-same' : 'link-confirm')}</button>
          <button class="button danger" @click=${this.#cancel}>${this.say(at.mode === 'number' ? 'compare-different' : 'cancel')}</button>`;
      case 'transferring':
        return html`<p>${this.say('transfer-text', { count: at.records })}</p><progress aria-label=${this.say('transfer-title')}></progress>`;
      case 'done':
        return html`<p class="notice">${this.say('link-done')}</p><button class="button primary" @click=${() => this.app.turn('devices')}>${this.say('done')}</button>`;
      case 'failed':
        return html`<p class="notice" role="alert">${this.say('link-failed')}<br>${told(english(at.message))}</p><button class="button primary" @click=${this.#again}>${this.say('retry')}</button>`;
      case 'opened': case 'waiting':
        return html`<p>${this.say('link-waiting')}</p><progress aria-label=${this.say('loading')}></progress><button class="button" @click=${this.#cancel}>${this.say('cancel')}</button>`;
    }
  }

  #submit(event: Event): void {
    event.preventDefault();
    void this.#begin(this.input.value.trim());
  }

  async #begin(codeOrUri: string): Promise<void> {
    this.scanning = false;
    this.at = { step: 'waiting' };
    const linked = await this.app.attempt(async () => {
      const link = this.link = await this.app.connected.linkDevice(codeOrUri);
      for await (const at of link.watch()) this.at = at;
    });
    if (!linked) this.#again();
  }

  async #confirm(): Promise<void> {
    this.confirmed = await this.app.attempt(async () => this.link?.confirm());
  }

  async #cancel(): Promise<void> {
    await this.app.attempt(async () => this.link?.cancel());
    this.#again();
  }

  #again(): void {
    this.link = this.at = undefined;
    this.confirmed = false;
  }
}
