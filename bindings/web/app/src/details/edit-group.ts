/** Changes a group's name, description and picture. */
import { html } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';

import { head } from '../sidebar/page.ts';
import { groupPicture } from '../sidebar/row.ts';
import { GroupForm } from '../widgets/group-form.ts';
import { waiting } from '../widgets/waiting.ts';
import { Panel } from './panel.ts';

@customElement('infrasound-edit-group')
export class EditGroup extends Panel {
  @state() private busy = false;
  @query('infrasound-group-form') private form!: GroupForm;
  /** As it was when this was opened: what comes in meanwhile does not overwrite what is typed. */
  #name = '';
  #description = '';

  override connectedCallback(): void {
    super.connectedCallback();
    this.#name = this.conversation.group?.name ?? '';
    this.#description = this.conversation.group?.description ?? '';
  }

  override render() {
    return html`
      ${head(this.app, this.say('edit-group'))}
      <div class="scroll">
        <form class="padded" @submit=${this.#save}>
          <infrasound-group-form .say=${this.say} .name=${this.#name} .description=${this.#description} .pictureUrl=${groupPicture(this.app, this.conversation)}></infrasound-group-form>
          <button class="button primary" ?disabled=${this.busy}>${this.say('save-changes')}</button>
          ${waiting(this.say, this.busy)}
        </form>
      </div>`;
  }

  async #save(event: Event): Promise<void> {
    event.preventDefault();
    const { name, description, picture } = this.form;
    this.busy = true;
    const done = await this.app.attempt(() => this.handle.describe({ name: name.trim(), description: description.trim(), ...(picture ? { picture } : {}) }));
    this.busy = false;
    if (done) this.app.detail('info');
  }
}
