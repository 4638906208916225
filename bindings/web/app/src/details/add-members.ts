/** Invites more people into a group. */
import type { Handle } from '@infrasound/client';
import { html } from 'lit';
import { customElement, state } from 'lit/decorators.js';

import { head } from '../sidebar/page.ts';
import '../widgets/people-picker.ts';
import { waiting } from '../widgets/waiting.ts';
import { GroupPanel } from './group-panel.ts';

@customElement('infrasound-add-members')
export class AddMembers extends GroupPanel {
  @state() private chosen: Handle[] = [];
  @state() private busy = false;

  override render() {
    const present = this.view?.members.map(({ person }) => person.handle) ?? [];
    return html`
      ${head(this.app, this.say('add-members'))}
      <div class="scroll"><div class="padded">
        <infrasound-people-picker .app=${this.app} .chosen=${this.chosen} .without=${present} @chosen=${(event: CustomEvent<Handle[]>) => (this.chosen = event.detail)}></infrasound-people-picker>
        <button class="button primary" ?disabled=${this.busy || this.chosen.length === 0} @click=${this.#add}>${this.say('invite')}</button>
        ${waiting(this.say, this.busy)}
        <p class="hint">${this.say('add-hint')}</p>
      </div></div>`;
  }

  async #add(): Promise<void> {
    this.busy = true;
    if (await this.app.attempt(() => this.handle.add(this.chosen), 'invited')) this.app.detail('info');
    this.busy = false;
  }
}
