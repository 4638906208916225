/** The code that the sign-in's page shows. Where that page can hand it over, it is filled in by itself. */
import type { SignIn } from '@infrasound/client';
import { html, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';

import { Part } from '../app/part.ts';
import { told, type Told } from '../app/told.ts';
import { waiting } from '../widgets/waiting.ts';
import { frame } from './frame.ts';

@customElement('infrasound-enter-code')
export class EnterCode extends Part {
  static override styles = [Part.styles, frame];

  @property({ attribute: false }) signIn!: SignIn;
  @state() private code = '';
  @state() private busy = false;
  @state() private wrong: Told | undefined;
  @query('input') private input!: HTMLInputElement;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.signIn.code.then((code) => {
      this.code = code;
      return this.#finish();
    }).catch(() => undefined);
  }

  override firstUpdated(): void {
    this.input.focus();
  }

  override render() {
    return html`
      <main>
        <h1>${this.say('code-title')}</h1>
        <p class="lead">${this.say('code-text')}</p>
        <form class="card" @submit=${this.#submit}>
          <div class="field">
            <label for="code">${this.say('code-label')}</label>
            <input id="code" class="input" autocomplete="one-time-code" autocapitalize="off" spellcheck="false" dir="ltr" required
              aria-describedby="wrong" aria-invalid=${this.wrong !== undefined} .value=${this.code}
              @input=${() => (this.code = this.input.value)}>
            <p id="wrong" class="wrong" role="alert">${this.wrong ? told(this.wrong) : nothing}</p>
          </div>
          <button class="button primary" ?disabled=${this.busy}>${this.say('continue')}</button>
          ${waiting(this.say, this.busy)}
          <a class="button" href=${this.signIn.url} target="_blank" rel="opener">${this.say('code-open-again')}</a>
        </form>
        <button class="link" @click=${() => this.dispatchEvent(new CustomEvent('restart'))}>${this.say('start-again')}</button>
      </main>`;
  }

  #submit(event: Event): void {
    event.preventDefault();
    void this.#finish();
  }

  async #finish(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.wrong = undefined;
    try {
      const ticket = await this.signIn.finish(this.code.trim());
      this.dispatchEvent(new CustomEvent('signed-in', { detail: ticket }));
    } catch (error) {
      this.wrong = this.app.explain(error);
    }
    this.busy = false;
  }
}
