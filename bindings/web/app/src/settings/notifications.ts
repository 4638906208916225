/** Whether, how and when a person is told of new messages. */
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';

import { canNotify, permit } from '../app/notifier.ts';
import { Part } from '../app/part.ts';
import { told, type Told } from '../app/told.ts';
import { head, page } from '../sidebar/page.ts';
import { switchRow, switchStyles } from '../widgets/switch.ts';

@customElement('infrasound-notifications')
export class Notifications extends Part {
  static override styles = [Part.styles, page, switchStyles, css`
    .row .input {
      inline-size: auto;
    }
  `];

  @state() private refused = false;

  override connectedCallback(): void {
    super.connectedCallback();
    // Unless the relay says that it can, nobody is offered it.
    void this.app.push.ask(this.app.connected).catch(() => undefined);
  }

  override render() {
    const { push, preferences: { notify, notifyContent, notifyClosed, quiet } } = this.app;
    const possible = canNotify();
    const problem = this.#problem();
    return html`
      ${head(this.app, this.say('notifications'))}
      <div class="scroll">
        <div class="group">
          ${switchRow({ label: this.say('notify'), on: notify && possible, disabled: !possible }, (on) => void this.#turn(on))}
          ${switchRow({ label: this.say('notify-content'), hint: this.say('notify-content-hint'), on: notifyContent, disabled: !notify }, (on) => this.app.prefer({ notifyContent: on }))}
          ${push.isPossible ? switchRow({ label: this.say('notify-closed'), hint: this.say('notify-closed-hint'), on: notify && notifyClosed, disabled: !notify }, (on) => this.app.prefer({ notifyClosed: on })) : nothing}
        </div>
        <p class="group-hint" role="status">${problem ? told(problem) : nothing}</p>
        ${push.isPossible && notifyClosed ? nothing : html`<p class="group-hint">${this.say('notify-hint')}</p>`}
        <div class="group">
          ${switchRow({ label: this.say('quiet'), hint: this.say('quiet-hint'), on: quiet, disabled: !notify }, (on) => this.app.prefer({ quiet: on }))}
          ${quiet ? [this.#time('quietFrom', this.say('quiet-from')), this.#time('quietUntil', this.say('quiet-until'))] : nothing}
        </div>
      </div>`;
  }

  #time(which: 'quietFrom' | 'quietUntil', label: string): TemplateResult {
    const time = this.app.preferences[which];
    return html`
      <label class="row"><span class="grow">${label}</span>
        <input class="input" type="time" required .value=${time} ?disabled=${!this.app.preferences.notify} @change=${({ target }: Event) => {
          const input = target as HTMLInputElement;
          // One that was emptied goes back to what it was.
          if (input.value) this.app.prefer({ [which]: input.value });
          else input.value = time;
        }}></label>`;
  }

  #problem(): Told | undefined {
    const { push: { failure }, preferences: { notify, notifyClosed } } = this.app;
    if (!canNotify()) return { text: this.say('notify-impossible') };
    if (this.refused || (failure instanceof DOMException && failure.name === 'NotAllowedError')) return { text: this.say('notify-refused') };
    if (failure === undefined || !notify || !notifyClosed) return undefined;
    return failure instanceof DOMException ? { text: this.say('notify-closed-failed') } : this.app.explain(failure);
  }

  async #turn(on: boolean): Promise<void> {
    const allowed = on && await permit();
    this.refused = on && !allowed;
    this.app.prefer({ notify: allowed });
    this.requestUpdate();
  }
}
