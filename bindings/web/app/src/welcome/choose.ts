/** After signing in: this browser's name, and, if the account has other devices, whether it is linked or starts over. */
import type { NewDeviceLink, Ticket } from '@infrasound/client';
import { html, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';

import { Part } from '../app/part.ts';
import { brief } from '../app/times.ts';
import { deviceName } from './device-name.ts';
import { frame } from './frame.ts';
import { icon } from '../widgets/icon.ts';
import { waiting } from '../widgets/waiting.ts';
import './new-device.ts';

@customElement('infrasound-choose')
export class Choose extends Part {
  static override styles = [Part.styles, frame];

  @property({ attribute: false }) ticket!: Ticket;
  @state() private link: NewDeviceLink | undefined;
  @state() private busy = false;
  @query('#name') private name!: HTMLInputElement;

  override render() {
    if (this.link) {
      return html`<infrasound-new-device .app=${this.app} .link=${this.link} @restart=${() => (this.link = undefined)}></infrasound-new-device>`;
    }
    const { person, devices } = this.ticket;
    return html`
      <main>
        <h1>${this.say('hello', { name: person.handle })}</h1>
        <div class="card">
          <div class="field">
            <label for="name">${this.say('device-name')}</label>
            <input id="name" class="input" maxlength="64" dir="auto" value=${deviceName(this.say)} aria-describedby="name-hint">
            <p id="name-hint" class="hint">${this.say('device-name-hint')}</p>
          </div>
          ${devices.length === 0
            ? html`<button class="button primary" ?disabled=${this.busy} @click=${() => this.#register(false)}>${this.say('set-up')}</button>`
            : nothing}
        </div>
        ${devices.length > 0 ? this.#others() : nothing}
        ${waiting(this.say, this.busy)}
        <button class="link" @click=${() => this.dispatchEvent(new CustomEvent('restart'))}>${this.say('start-again')}</button>
      </main>`;
  }

  #others() {
    return html`
      <section class="card" aria-labelledby="link">
        <h2 id="link">${this.say('link-title')}</h2>
        <p>${this.say('link-text')}</p>
        <ul class="points">
          ${this.ticket.devices.map(({ name, lastSeen }) => html`
            <li>${icon('device', 20)}<span><bdi>${name}</bdi> ${lastSeen ? html`<span class="hint">${brief(this.app.locale, lastSeen)}</span>` : nothing}</span></li>`)}
        </ul>
        <button class="button primary" ?disabled=${this.busy} @click=${this.#link}>${this.say('link-begin')}</button>
      </section>
      <section class="card" aria-labelledby="over">
        <h2 id="over">${this.say('over-title')}</h2>
        <p>${this.say('over-text')}</p>
        <ul class="points">
          <li class="bad">${icon('close', 20)}<span>${this.say('over-cost-history')}</span></li>
          <li class="bad">${icon('close', 20)}<span>${this.say('over-cost-devices')}</span></li>
          <li class="bad">${icon('close', 20)}<span>${this.say('over-cost-trust')}</span></li>
        </ul>
        <button class="button danger" ?disabled=${this.busy} @click=${this.#startOver}>${this.say('over-begin')}</button>
      </section>`;
  }

  async #link(): Promise<void> {
    const name = this.name.value.trim() || deviceName(this.say);
    this.busy = true;
    await this.app.attempt(async () => {
      this.link = await this.app.connected.link(this.ticket, { deviceName: name });
    });
    this.busy = false;
  }

  async #startOver(): Promise<void> {
    const sure = await this.app.confirm({
      title: this.say('over-title'), text: this.say('over-sure'), action: this.say('over-begin'), danger: true,
    });
    if (sure) await this.#register(true);
  }

  async #register(startOver: boolean): Promise<void> {
    const name = this.name.value.trim() || deviceName(this.say);
    this.busy = true;
    await this.app.attempt(() => this.app.connected.register(this.ticket, { deviceName: name, startOver }));
    this.busy = false;
  }
}
