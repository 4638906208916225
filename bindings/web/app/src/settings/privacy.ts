/** Who may ask to write to this account, and whom it has blocked. */
import type { Consent, Person, RequestPolicy, Verdict } from '@infrasound/client';
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';

import { Part } from '../app/part.ts';
import { head, page } from '../sidebar/page.ts';

/** Those that the relay judges; what needs the instance's list of follows is not asked here. */
const AXES = ['forPrivateMentions', 'forNewAccounts', 'forLimitedAccounts'] as const satisfies readonly (keyof RequestPolicy)[];
const VERDICTS: readonly Verdict[] = ['accept', 'filter', 'drop'];

@customElement('infrasound-privacy')
export class Privacy extends Part {
  static override styles = [Part.styles, page, css`
    .row .input {
      inline-size: auto;
      max-inline-size: 50%;
    }
  `];

  @state() private policy: RequestPolicy | undefined;
  @state() private contacts: { person: Person; consent: Consent }[] = [];

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#read();
  }

  override render() {
    const { policy } = this;
    const blocked = this.contacts.filter(({ consent }) => consent === 'blocked');
    return html`
      ${head(this.app, this.say('privacy'))}
      <div class="scroll">
        <h3 class="group-title">${this.say('policy')}</h3>
        ${policy ? html`<div class="group">${AXES.map((axis) => this.#axis(axis, policy[axis]))}</div>` : html`<div class="padded"><progress aria-label=${this.say('loading')}></progress></div>`}
        <p class="group-hint">${this.say('policy-hint')}</p>
        ${blocked.length > 0 ? html`
          <h3 class="group-title">${this.say('blocked-people')}</h3>
          <ul class="group">${blocked.map(({ person }) => html`
            <li class="row"><span class="grow cut"><bdi>${person.handle}</bdi></span>
              <button class="link" @click=${() => this.#unblock(person)}>${this.say('unblock')}</button></li>`)}</ul>` : nothing}
      </div>`;
  }

  #axis(axis: (typeof AXES)[number], value: Verdict): TemplateResult {
    return html`
      <label class="row"><span class="grow">${this.say(`policy-${axis}`)}</span>
        <select class="input" @change=${(event: Event) => this.#set(axis, (event.target as HTMLSelectElement).value as Verdict)}>
          ${VERDICTS.map((verdict) => html`<option value=${verdict} ?selected=${verdict === value}>${this.say(`verdict-${verdict}`)}</option>`)}
        </select></label>`;
  }

  async #set(axis: keyof RequestPolicy, verdict: Verdict): Promise<void> {
    if (!this.policy) return;
    const policy = { ...this.policy, [axis]: verdict };
    if (await this.app.attempt(() => this.app.connected.setRequestPolicy(policy), 'saved')) this.policy = policy;
    else this.requestUpdate();
  }

  async #unblock(person: Person): Promise<void> {
    await this.app.attempt(() => this.app.connected.setContact(person.handle, 'accepted'));
    await this.#read();
  }

  async #read(): Promise<void> {
    await this.app.attempt(async () => {
      [this.policy, this.contacts] = await Promise.all([this.app.connected.requestPolicy(), this.app.connected.contacts()]);
    });
  }
}
