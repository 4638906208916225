/** The settings, and what a person can do with this device. */
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';

import { Part } from '../app/part.ts';
import { shortName } from '../app/people.ts';
import type { Side } from '../app/place.ts';
import { bytes } from '../app/times.ts';
import { head, page } from '../sidebar/page.ts';
import '../widgets/avatar.ts';
import { icon, type IconName } from '../widgets/icon.ts';
import { saveExport } from './export.ts';

@customElement('infrasound-settings')
export class Settings extends Part {
  static override styles = [Part.styles, page, css`
    .me {
      display: flex;
      align-items: center;
      gap: 14px;
      padding: 8px 22px 16px;
      --avatar-size: 60px;
    }

    .me strong {
      font-size: 1.15em;
    }

    .me > span {
      min-inline-size: 0;
      overflow-wrap: anywhere;
    }
  `];

  /** So many bytes of an export that goes on. */
  @state() private exported: number | undefined;

  override render() {
    const { me } = this.app.status;
    return html`
      ${head(this.app, this.say('settings'))}
      <div class="scroll">
        ${me ? html`
          <div class="me">
            <infrasound-avatar .name=${me.handle}></infrasound-avatar>
            <span><strong><bdi>${shortName(me.handle)}</bdi></strong><br><span class="hint"><bdi>${me.handle}</bdi></span></span>
          </div>` : nothing}
        <div class="group">
          ${this.#link('devices', 'device', this.say('devices'))}
          ${this.#link('privacy', 'shield', this.say('privacy'))}
          ${this.#link('notifications', 'bell', this.say('notifications'))}
          ${this.#link('appearance', 'theme', this.say('appearance'))}
          ${this.#link('about', 'info', this.say('about'))}
        </div>
        <div class="group">
          <button class="row" ?disabled=${this.exported !== undefined} @click=${this.#export}>${icon('download')}
            <span class="grow">${this.say('export')}<br><span class="hint" role="status">${this.exported === undefined
              ? this.say('export-hint')
              : this.say('export-running', { size: bytes(this.app.locale, this.exported) })}</span></span></button>
        </div>
        <div class="group">
          <button class="row danger" @click=${this.#signOut}>${icon('leave')}<span class="grow">${this.say('sign-out')}</span></button>
        </div>
      </div>`;
  }

  #link(side: Side, sign: IconName, label: string): TemplateResult {
    return html`<button class="row" @click=${() => this.app.turn(side)}>${icon(sign)}<span class="grow">${label}</span>${icon('chevron', 18)}</button>`;
  }

  async #export(): Promise<void> {
    const sure = await this.app.confirm({ title: this.say('export'), text: this.say('export-text'), action: this.say('export'), danger: false });
    if (!sure) return;
    this.exported = 0;
    await this.app.attempt(() => saveExport(this.app.connected, (size) => (this.exported = size)), 'exported');
    this.exported = undefined;
  }

  async #signOut(): Promise<void> {
    const last = this.app.devices.length <= 1;
    const sure = await this.app.confirm({
      title: this.say('sign-out'), text: this.say(last ? 'sign-out-last' : 'sign-out-text'), action: this.say('sign-out'), danger: true,
    });
    if (sure) await this.app.attempt(() => this.app.connected.signOut());
  }
}
