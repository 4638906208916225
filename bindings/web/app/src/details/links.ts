/** Links into a group: make, show, copy, revoke. */
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';

import { date } from '../app/times.ts';
import { head } from '../sidebar/page.ts';
import { asAddress } from '../text/linked.ts';
import '../widgets/qr.ts';
import { waiting } from '../widgets/waiting.ts';
import { GroupPanel } from './group-panel.ts';

const DAYS = [1, 3, 7, 30];
const USES = [0, 1, 10, 100];

@customElement('infrasound-links')
export class Links extends GroupPanel {
  static override styles = [...GroupPanel.styles, css`
    .address {
      padding: 10px 12px;
      border-radius: 12px;
      background: var(--hover);
      font-size: 0.86em;
      overflow-wrap: anywhere;
      direction: ltr;
      user-select: all;
    }
  `];

  @state() private shown = '';
  @state() private busy = false;
  @query('#days') private days!: HTMLSelectElement;
  @query('#uses') private uses!: HTMLSelectElement;

  override render() {
    const links = this.view?.links ?? [];
    return html`
      ${head(this.app, this.say('links'))}
      <div class="scroll">
        <form class="padded" @submit=${this.#make}>
          <p>${this.say(this.view?.settings?.join === 'approval' ? 'links-text-approval' : 'links-text')}</p>
          <div class="field"><label for="days">${this.say('link-days')}</label>
            <select id="days" class="input">${DAYS.map((count) => html`<option value=${count} ?selected=${count === 7}>${this.say('days', { count })}</option>`)}</select></div>
          <div class="field"><label for="uses">${this.say('link-uses')}</label>
            <select id="uses" class="input">${USES.map((count) => html`<option value=${count}>${count === 0 ? this.say('uses-any') : this.say('uses', { count })}</option>`)}</select></div>
          <button class="button primary" ?disabled=${this.busy}>${this.say('link-make')}</button>
          ${waiting(this.say, this.busy)}
        </form>
        ${links.length > 0 ? html`<h3 class="group-title">${this.say('links-there')}</h3>` : nothing}
        ${links.map((link) => this.#link(link))}
      </div>`;
  }

  #link({ key, link, expires, uses }: { key: string; link: string; expires: number; uses: number }): TemplateResult {
    const address = asAddress(link, this.app.connected.relay);
    const open = this.shown === key;
    return html`
      <div class="group"><div class="padded">
        <p>${this.say('link-until', { date: date(this.app.locale, expires) })} · ${uses === 0 ? this.say('uses-any') : this.say('uses', { count: uses })}</p>
        <p class="address">${address}</p>
        ${open ? html`<infrasound-qr .text=${address} .label=${this.say('link-qr')}></infrasound-qr>` : nothing}
        <div class="actions">
          <button class="link" @click=${() => this.app.attempt(() => navigator.clipboard.writeText(address), 'copied')}>${this.say('copy')}</button>
          <button class="link" aria-expanded=${open} @click=${() => (this.shown = open ? '' : key)}>${this.say('qr-code')}</button>
          <button class="link wrong" @click=${() => this.#revoke(key)}>${this.say('revoke')}</button>
        </div>
      </div></div>`;
  }

  async #make(event: Event): Promise<void> {
    event.preventDefault();
    const days = Number(this.days.value);
    const uses = Number(this.uses.value);
    this.busy = true;
    await this.change(() => this.handle.makeLink({ days, ...(uses > 0 ? { uses } : {}) }));
    this.busy = false;
  }

  async #revoke(key: string): Promise<void> {
    const sure = await this.app.confirm({ title: this.say('revoke-title'), text: this.say('revoke-text'), action: this.say('revoke'), danger: true });
    if (sure) await this.change(() => this.handle.revokeLink(key));
  }
}
