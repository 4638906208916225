/** What this is, and honestly what it can't do. */
import { html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';

import { Part } from '../app/part.ts';
import { bytes } from '../app/times.ts';
import { head, page } from '../sidebar/page.ts';

@customElement('infrasound-about')
export class About extends Part {
  static override styles = [Part.styles, page];

  override render() {
    const { storage } = this.app.status;
    return html`
      ${head(this.app, this.say('about'))}
      <div class="scroll"><div class="padded">
        <p>${this.say('about-text')}</p>
        <h3>${this.say('limits')}</h3>
        <p>${this.say('limit-metadata')}</p>
        <p>${this.say('limit-page')}</p>
        <p>${this.say('limit-device')}</p>
        <p>${this.say('limit-instance')}</p>
        <p>${this.say('limit-audit')}</p>
        <h3>${this.say('storage')}</h3>
        ${storage ? html`<p>${this.say(storage.persisted ? 'storage-kept' : 'storage-evictable')}</p>` : nothing}
        ${storage?.usage !== undefined ? html`<p class="hint">${this.say('storage-used', { size: bytes(this.app.locale, storage.usage) })}</p>` : nothing}
        <p class="hint">${this.say('relay')}: <bdi>${this.app.client?.relay ?? ''}</bdi></p>
      </div></div>`;
  }
}
