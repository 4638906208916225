/** This device is of no use any more, or the store can't be opened: what happened, and what can be done. */
import { InfrasoundError } from '@infrasound/client';
import { html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';

import { Part } from '../app/part.ts';
import { english, told } from '../app/told.ts';
import { elephant } from '../widgets/elephant.ts';
import { frame } from './frame.ts';

@customElement('infrasound-ended')
export class Ended extends Part {
  static override styles = [Part.styles, frame];

  override render() {
    const { status, failure } = this.app;
    const error = status.error;
    const cause = failure ?? (error && new InfrasoundError(error.code, error.message));
    const otherRelay = failure === undefined && error?.code === 'other-instance';
    const why = otherRelay ? { text: this.say('failed-other-relay') } : cause ? this.app.explain(cause) : english(status.reason ?? '');
    const ended = status.phase === 'ended';
    return html`
      <main>
        ${elephant(150)}
        <h1>${this.say(ended ? 'ended-title' : 'failed-title')}</h1>
        <p class="lead" role="alert">${told(why)}</p>
        ${ended ? html`<p class="lead hint">${this.say('ended-text')}</p>` : nothing}
        ${ended ? nothing : html`<button class="button primary" @click=${() => location.reload()}>${this.say('retry')}</button>`}
        ${this.app.client ? html`<button class="button danger" @click=${this.#forget}>${this.say('forget-device')}</button>` : nothing}
      </main>`;
  }

  async #forget(): Promise<void> {
    const sure = await this.app.confirm({
      title: this.say('forget-device'), text: this.say('forget-text'), action: this.say('forget-device'), danger: true,
    });
    if (sure) await this.app.attempt(() => this.app.connected.signOut());
  }
}
