/** Makes a group. */
import type { Handle } from '@infrasound/client';
import { css, html } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';

import { Part } from '../app/part.ts';
import { GroupForm } from '../widgets/group-form.ts';
import '../widgets/people-picker.ts';
import { waiting } from '../widgets/waiting.ts';
import { head, page } from './page.ts';

@customElement('infrasound-new-group')
export class NewGroup extends Part {
  static override styles = [Part.styles, page, css`
    form {
      display: grid;
      gap: 20px;
      padding: 8px 16px;
    }
  `];

  @state() private members: Handle[] = [];
  @state() private busy = false;
  @query('infrasound-group-form') private form!: GroupForm;

  override render() {
    return html`
      ${head(this.app, this.say('new-group'))}
      <div class="scroll">
        <form @submit=${this.#create}>
          <infrasound-group-form .say=${this.say}></infrasound-group-form>
          <div class="field">
            <span class="label">${this.say('members')}</span>
            <infrasound-people-picker .app=${this.app} .chosen=${this.members} @chosen=${(event: CustomEvent<Handle[]>) => (this.members = event.detail)}></infrasound-people-picker>
          </div>
          <button class="button primary" ?disabled=${this.busy}>${this.say('create-group')}</button>
          ${waiting(this.say, this.busy)}
          <p class="hint">${this.say('new-group-hint')}</p>
        </form>
      </div>`;
  }

  async #create(event: Event): Promise<void> {
    event.preventDefault();
    const { name, description, picture } = this.form;
    if (!name.trim()) {
      this.app.toast(this.say('group-name-missing'), true);
      return;
    }
    this.busy = true;
    await this.app.attempt(async () => {
      const id = await this.app.connected.createGroup({
        name: name.trim(),
        members: this.members,
        ...(description.trim() ? { description: description.trim() } : {}),
        ...(picture ? { picture } : {}),
      });
      this.app.go({ side: 'list', conversation: id });
    });
    this.busy = false;
  }
}
