/** Who may do what in a group, and how one comes in. */
import type { GroupSettings, Role } from '@infrasound/client';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';

import { head } from '../sidebar/page.ts';
import { switchRow } from '../widgets/switch.ts';
import { GroupPanel } from './group-panel.ts';

const ROLES: readonly Role[] = ['member', 'moderator', 'owner'];
const JOINS: readonly GroupSettings['join'][] = ['invite', 'approval', 'open'];

@customElement('infrasound-rules')
export class Rules extends GroupPanel {
  override render() {
    const settings = this.view?.settings;
    const owner = this.may('owner');
    return html`
      ${head(this.app, this.say('rules'))}
      <div class="scroll">
        ${settings ? html`
          <div class="group">
            ${this.#role('rule-post', 'post', settings.post, owner)}
            ${this.#role('rule-add', 'add', settings.add, owner)}
            ${this.#role('rule-rename', 'rename', settings.rename, owner)}
          </div>
          <p class="group-hint">${this.say('rule-remove-hint')}</p>
          <div class="group">
            <label class="row"><span class="grow">${this.say('rule-join')}</span>
              <select class="input narrow" ?disabled=${!owner} @change=${(event: Event) => this.#set({ join: (event.target as HTMLSelectElement).value as GroupSettings['join'] })}>
                ${JOINS.map((join) => html`<option value=${join} ?selected=${settings.join === join}>${this.say(`join-${join}`)}</option>`)}
              </select></label>
          </div>
          ${settings.closed || owner ? html`<div class="group">${switchRow({ label: this.say('rule-closed'), hint: this.say('rule-closed-hint'), on: settings.closed, disabled: !owner }, (closed) => this.#set({ closed }))}</div>` : nothing}
          ${owner ? nothing : html`<p class="group-hint">${this.say('rules-owner')}</p>`}` : html`<div class="padded"><progress aria-label=${this.say('loading')}></progress></div>`}
      </div>`;
  }

  #role(label: 'rule-post' | 'rule-add' | 'rule-rename', rule: 'post' | 'add' | 'rename', value: Role, owner: boolean): TemplateResult {
    return html`
      <label class="row"><span class="grow">${this.say(label)}</span>
        <select class="input narrow" ?disabled=${!owner} @change=${(event: Event) => this.#set({ [rule]: (event.target as HTMLSelectElement).value as Role })}>
          ${ROLES.map((role) => html`<option value=${role} ?selected=${value === role}>${this.say(`from-${role}`)}</option>`)}
        </select></label>`;
  }

  #set(change: Partial<GroupSettings>): void {
    void this.change(() => this.handle.set(change));
  }
}
