/** Whether and how a person is told of new messages. */
import { html, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';

import { canNotify, permit } from '../app/notifier.ts';
import { Part } from '../app/part.ts';
import { head, page } from '../sidebar/page.ts';
import { switchRow, switchStyles } from '../widgets/switch.ts';

@customElement('infrasound-notifications')
export class Notifications extends Part {
  static override styles = [Part.styles, page, switchStyles];

  @state() private refused = false;

  override render() {
    const { notify, notifyContent } = this.app.preferences;
    const possible = canNotify();
    return html`
      ${head(this.app, this.say('notifications'))}
      <div class="scroll">
        <div class="group">
          ${switchRow({ label: this.say('notify'), on: notify && possible, disabled: !possible }, (on) => void this.#turn(on))}
          ${switchRow({ label: this.say('notify-content'), hint: this.say('notify-content-hint'), on: notifyContent, disabled: !notify }, (on) => this.app.prefer({ notifyContent: on }))}
        </div>
        <p class="group-hint" role="status">${!possible ? this.say('notify-impossible') : this.refused ? this.say('notify-refused') : nothing}</p>
        <p class="group-hint">${this.say('notify-hint')}</p>
      </div>`;
  }

  async #turn(on: boolean): Promise<void> {
    const allowed = on && await permit();
    this.refused = on && !allowed;
    this.app.prefer({ notify: allowed });
    this.requestUpdate();
  }
}
