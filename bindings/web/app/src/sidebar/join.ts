/** Comes into a group by a link. */
import { html, nothing } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';

import { Part } from '../app/part.ts';
import { told, type Told } from '../app/told.ts';
import { plainName } from '../text/name.ts';
import { asLink, nameIn } from '../text/linked.ts';
import '../widgets/scanner.ts';
import { canScan } from '../widgets/scanner.ts';
import { icon } from '../widgets/icon.ts';
import { waiting } from '../widgets/waiting.ts';
import { head, page } from './page.ts';

@customElement('infrasound-join')
export class Join extends Part {
  static override styles = [Part.styles, page];

  @state() private link = '';
  @state() private wrong: Told | undefined;
  @state() private busy = false;
  @state() private scanning = false;
  @query('#link') private input!: HTMLTextAreaElement;

  override connectedCallback(): void {
    super.connectedCallback();
    this.link = this.app.invitation;
    this.app.invitation = '';
  }

  override render() {
    const link = asLink(this.link);
    const name = link && nameIn(link);
    return html`
      ${head(this.app, this.say('join-title'))}
      <div class="scroll">
        <form class="padded" @submit=${this.#join}>
          <p>${this.say('join-text')}</p>
          <div class="field">
            <label for="link">${this.say('join-label')}</label>
            <textarea id="link" autofocus class="input" rows="4" dir="ltr" autocapitalize="off" spellcheck="false" aria-describedby="wrong" aria-invalid=${this.wrong !== undefined} .value=${this.link}
              @input=${() => (this.link = this.input.value)}></textarea>
            <p id="wrong" class="wrong" role="alert">${this.wrong ? told(this.wrong) : nothing}</p>
          </div>
          ${this.scanning
            ? html`<infrasound-scanner .say=${this.say} @scanned=${(event: CustomEvent<string>) => { this.link = event.detail; this.scanning = false; }}></infrasound-scanner>`
            : canScan() ? html`<button type="button" class="button" @click=${() => (this.scanning = true)}>${icon('qr', 20)}${this.say('scan')}</button>` : nothing}
          ${name ? html`<p class="notice">${this.say('join-name', { name: plainName(name) })}</p>` : nothing}
          <button class="button primary" ?disabled=${this.busy}>${this.say('join')}</button>
          ${waiting(this.say, this.busy)}
          <p class="hint">${this.say('join-hint')}</p>
        </form>
      </div>`;
  }

  async #join(event: Event): Promise<void> {
    event.preventDefault();
    const link = asLink(this.link);
    this.wrong = link ? undefined : { text: this.say('error-bad-link') };
    if (!link) return;
    this.busy = true;
    try {
      const before = new Set(this.app.conversations.map(({ id }) => id));
      await this.app.connected.joinGroup(link);
      const joined = this.app.conversations.find(({ id, kind }) => kind === 'group' && !before.has(id));
      this.app.toast(this.say('joined'));
      this.app.go(joined ? { side: 'list', conversation: joined.id } : { side: 'list' });
    } catch (error) {
      this.wrong = this.app.explain(error);
    }
    this.busy = false;
  }
}
