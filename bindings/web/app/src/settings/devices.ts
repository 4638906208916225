/** The account's devices: their names, which is this one, how one is taken away. */
import type { DeviceInfo } from '@infrasound/client';
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';

import { Part } from '../app/part.ts';
import { brief, date } from '../app/times.ts';
import { head, page } from '../sidebar/page.ts';
import '../widgets/dialog.ts';
import { icon } from '../widgets/icon.ts';
import '../widgets/menu.ts';
import type { MenuItem } from '../widgets/menu.ts';

@customElement('infrasound-devices')
export class Devices extends Part {
  static override styles = [Part.styles, page, css`
    li {
      display: flex;
      align-items: center;
    }

    li .row {
      flex: 1;
      min-inline-size: 0;
    }

    .this {
      color: var(--accent);
      font-weight: 600;
    }
  `];

  @state() private devices: DeviceInfo[] | undefined;
  @state() private renaming: DeviceInfo | undefined;
  #end: AbortController | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#end = new AbortController();
    const { signal } = this.#end;
    void this.app.attempt(async () => {
      for await (const devices of this.app.connected.watchDevices({ signal })) this.devices = devices;
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#end?.abort();
  }

  override render() {
    const { devices, renaming } = this;
    return html`
      ${head(this.app, this.say('devices'))}
      <div class="scroll">
        ${devices ? html`<ul class="group">${devices.map((device) => this.#device(device))}</ul>` : html`<div class="padded"><progress aria-label=${this.say('loading')}></progress></div>`}
        <div class="group"><button class="row" @click=${() => this.app.turn('link-device')}>${icon('qr')}<span class="grow">${this.say('link-device')}</span>${icon('chevron', 18)}</button></div>
        <p class="group-hint">${this.say('devices-hint')}</p>
        ${this.app.status.storage?.persisted === false && devices?.length === 1 ? html`<div class="padded"><p class="notice">${this.say('storage-evictable')}</p></div>` : nothing}
      </div>
      ${renaming ? html`
        <infrasound-dialog .heading=${this.say('rename-device')} .dismiss=${this.say('close')} @dismiss=${() => (this.renaming = undefined)}>
          <form class="field" @submit=${(event: Event) => this.#rename(event, renaming)}>
            <label for="name">${this.say('device-name')}</label>
            <input id="name" class="input" maxlength="64" dir="auto" value=${renaming.name} required>
            <div class="actions"><button class="button primary">${this.say('save-changes')}</button></div>
          </form>
        </infrasound-dialog>` : nothing}`;
  }

  #device(device: DeviceInfo): TemplateResult {
    const { name, created, lastSeen, current } = device;
    const menu: MenuItem[] = [
      { label: this.say('rename-device'), icon: 'edit', action: () => (this.renaming = device) },
      ...(current ? [] : [{ label: this.say('revoke-device'), icon: 'trash' as const, danger: true, action: () => void this.#revoke(device) }]),
    ];
    return html`
      <li>
        <span class="row">${icon('device')}
          <span class="grow">
            <span class="cut" dir="auto">${name}</span>
            ${current ? html`<span class="this">${this.say('this-device')}</span>`
              : html`<span class="hint">${lastSeen ? this.say('last-seen', { time: brief(this.app.locale, lastSeen) }) : this.say('added-on', { date: date(this.app.locale, created) })}</span>`}
          </span>
        </span>
        <infrasound-menu .label=${this.say('more-about', { name })} .items=${menu}></infrasound-menu>
      </li>`;
  }

  async #rename(event: Event, device: DeviceInfo): Promise<void> {
    event.preventDefault();
    const name = (event.target as HTMLFormElement).querySelector('input')?.value.trim();
    this.renaming = undefined;
    if (name) await this.#change(() => this.app.connected.renameDevice(device.id, name));
  }

  async #revoke(device: DeviceInfo): Promise<void> {
    const sure = await this.app.confirm({
      title: this.say('revoke-device-title', { name: device.name }), text: this.say('revoke-device-text'), action: this.say('revoke-device'), danger: true,
    });
    if (sure) await this.#change(() => this.app.connected.revokeDevice(device.id));
  }

  /** Does it, and reads the list again: a device is not told of what it did itself. */
  async #change(work: () => Promise<void>): Promise<void> {
    await this.app.attempt(async () => {
      await work();
      this.devices = await this.app.connected.devices();
    });
  }
}
