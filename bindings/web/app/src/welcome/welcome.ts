/** Everything before this browser is a device: greeting, sign-in, what to do when there are other devices. */
import type { Ticket } from '@infrasound/client';
import { html } from 'lit';
import { customElement, state } from 'lit/decorators.js';

import { Part } from '../app/part.ts';
import { elephant } from '../widgets/elephant.ts';
import { icon } from '../widgets/icon.ts';
import { frame } from './frame.ts';
import './choose.ts';
import './enter-code.ts';

/** An open sign-in: where it goes on, and how it ends. */
type SignIn = Awaited<ReturnType<NonNullable<Part['app']['client']>['signIn']>>;

@customElement('infrasound-welcome')
export class Welcome extends Part {
  static override styles = [Part.styles, frame];

  @state() private signIn: SignIn | undefined;
  @state() private ticket: Ticket | undefined;
  @state() private busy = false;

  override render() {
    if (this.ticket) return html`<infrasound-choose .app=${this.app} .ticket=${this.ticket} @restart=${this.#restart}></infrasound-choose>`;
    if (this.signIn) {
      return html`<infrasound-enter-code .app=${this.app} .signIn=${this.signIn} @signed-in=${this.#signedIn} @restart=${this.#restart}></infrasound-enter-code>`;
    }
    return html`
      <main>
        ${elephant()}
        <h1>${this.say('welcome-title')}</h1>
        <p class="lead">${this.say('welcome-text')}</p>
        <button class="button primary" ?disabled=${this.busy || !this.app.client} @click=${this.#begin}>${this.say('sign-in')}</button>
        <ul class="points hint">
          <li>${icon('lock', 20)}<span>${this.say('welcome-encrypted')}</span></li>
          <li>${icon('person', 20)}<span>${this.say('welcome-account')}</span></li>
        </ul>
        <p class="lead hint"><bdi>${this.app.client ? new URL(this.app.client.relay).host : ''}</bdi></p>
      </main>`;
  }

  async #begin(): Promise<void> {
    this.busy = true;
    // Opened at once, since browsers allow it only right after a click.
    const opened = window.open('', '_blank');
    const begun = await this.app.attempt(async () => {
      this.signIn = await this.app.connected.signIn();
    });
    if (begun && this.signIn && opened) opened.location.href = this.signIn.url;
    else opened?.close();
    this.busy = false;
  }

  #signedIn(event: CustomEvent<Ticket>): void {
    this.signIn = undefined;
    this.ticket = event.detail;
  }

  #restart(): void {
    this.signIn = undefined;
    this.ticket = undefined;
  }
}
