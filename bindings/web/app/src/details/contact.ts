/** Somebody with whom one talks. */
import { html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';

import { shortName } from '../app/people.ts';
import { head } from '../sidebar/page.ts';
import '../widgets/avatar.ts';
import { icon } from '../widgets/icon.ts';
import { Panel } from './panel.ts';

@customElement('infrasound-contact')
export class Contact extends Panel {
  override render() {
    const { person, consent } = this.conversation;
    if (!person) return nothing;
    const name = shortName(person.handle);
    const blocked = consent === 'blocked';
    return html`
      ${head(this.app, this.say('contact'))}
      <div class="scroll">
        <div class="top">
          <infrasound-avatar .name=${person.handle}></infrasound-avatar>
          <h3><bdi>${name}</bdi></h3>
          <p class="hint"><bdi>${person.handle}</bdi></p>
        </div>
        <div class="group">
          <button class="row" @click=${() => this.app.detail('safety')}>${icon('shield')}<span class="grow">${this.say('safety-number')}</span>${icon('chevron', 18)}</button>
          ${this.muteRow()}
          ${this.archiveRow()}
        </div>
        <div class="group">
          ${blocked
            ? html`<button class="row" @click=${() => this.app.attempt(() => this.app.connected.setContact(person.handle, 'accepted'))}>${icon('block')}<span class="grow">${this.say('unblock')}</span></button>`
            : html`<button class="row danger" @click=${() => this.#block(person.handle)}>${icon('block')}<span class="grow">${this.say('block')}</span></button>`}
        </div>
        <p class="group-hint">${this.say('block-text')}</p>
      </div>`;
  }

  async #block(handle: string): Promise<void> {
    const sure = await this.app.confirm({
      title: this.say('block-title', { name: shortName(handle) }), text: this.say('block-text'), action: this.say('block'), danger: true,
    });
    if (sure) await this.app.attempt(() => this.app.connected.setContact(handle, 'blocked'));
  }
}
