/** Who asks to be let into a group. */
import type { Person } from '@infrasound/client';
import { html } from 'lit';
import { customElement, state } from 'lit/decorators.js';

import { shortName } from '../app/people.ts';
import { brief } from '../app/times.ts';
import { head } from '../sidebar/page.ts';
import '../widgets/avatar.ts';
import { icon } from '../widgets/icon.ts';
import { GroupPanel } from './group-panel.ts';

@customElement('infrasound-asking')
export class Asking extends GroupPanel {
  @state() private requests: { person: Person; asked: number }[] | undefined;

  override render() {
    const { requests } = this;
    return html`
      ${head(this.app, this.say('asking'))}
      <div class="scroll">
        ${requests === undefined ? html`<div class="padded"><progress aria-label=${this.say('loading')}></progress></div>`
          : requests.length === 0 ? html`<p class="group-hint">${this.say('asking-none')}</p>`
          : html`<ul class="group">${requests.map(({ person, asked }) => html`
              <li class="row">
                <infrasound-avatar .name=${person.handle}></infrasound-avatar>
                <span class="grow"><bdi>${shortName(person.handle)}</bdi><br><span class="hint"><bdi>${person.handle}</bdi> · ${brief(this.app.locale, asked)}</span></span>
                <button class="icon-button" aria-label=${this.say('decline-person', { name: person.handle })} title=${this.say('decline')} @click=${() => this.change(() => this.handle.decline(person.account))}>${icon('close')}</button>
                <button class="icon-button" aria-label=${this.say('let-in', { name: person.handle })} title=${this.say('let-in', { name: person.handle })} @click=${() => this.change(() => this.handle.add([person.handle]))}>${icon('check')}</button>
              </li>`)}</ul>`}
      </div>`;
  }

  protected override async reload(): Promise<void> {
    await super.reload();
    await this.app.attempt(async () => {
      this.requests = await this.handle.joinRequests();
    });
  }
}
