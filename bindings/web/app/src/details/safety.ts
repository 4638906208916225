/** The safety number with somebody: to be compared by eye, by camera, or by pasting theirs. */
import type { Conversation, SafetyNumber } from '@infrasound/client';
import { css, html, nothing, type PropertyValues } from 'lit';
import { customElement, state } from 'lit/decorators.js';

import { shortName } from '../app/people.ts';
import { told, type Told } from '../app/told.ts';
import { head } from '../sidebar/page.ts';
import { icon } from '../widgets/icon.ts';
import '../widgets/qr.ts';
import '../widgets/scanner.ts';
import { canScan } from '../widgets/scanner.ts';
import { Panel } from './panel.ts';

@customElement('infrasound-safety')
export class Safety extends Panel {
  static override styles = [...Panel.styles, css`
    .digits {
      display: grid;
      grid-template-columns: repeat(4, auto);
      justify-content: center;
      gap: 6px 16px;
      padding: 8px;
      font: 600 1.1em / 1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace;
      direction: ltr;
      user-select: all;
    }

    .result {
      display: flex;
      align-items: center;
      gap: 10px;
      padding: 10px 14px;
      border-radius: 12px;
      background: var(--chosen);
      font-weight: 600;
    }

    .result.bad {
      background: var(--warning);
      color: var(--on-warning);
    }
  `];

  @state() private number: SafetyNumber | undefined;
  @state() private failure: Told | undefined;
  @state() private scanning = false;
  @state() private result: 'same' | 'different' | undefined;
  /** Whether the number on the page may not be the one that holds now. */
  @state() private reading = false;
  #reads = 0;

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    // A new key is told by the conversation as well, so each of its changes is a reason to look.
    if (!changed.has('conversation')) return;
    const before = (changed.get('conversation') as Conversation | undefined)?.person?.handle;
    if (before !== this.conversation.person?.handle) this.number = this.result = undefined;
    void this.#read();
  }

  override render() {
    const name = shortName(this.conversation.person?.handle ?? '');
    return html`
      ${head(this.app, this.say('safety-number'))}
      <div class="scroll"><div class="padded">
        <p>${this.say('safety-text', { name })}</p>
        ${this.failure ? html`<p class="notice" role="alert">${told(this.failure)}</p>` : nothing}
        ${this.number ? this.#number(this.number, name) : this.failure ? nothing : html`<progress aria-label=${this.say('loading')}></progress>`}
      </div></div>`;
  }

  #number(number: SafetyNumber, name: string) {
    return html`
      ${this.#changed() ? html`
        <div class="notice" role="alert">
          <p><strong>${this.say('key-changed', { name })}</strong></p>
          <p>${this.say('key-changed-text', { name })}</p>
        </div>
        <button class="button danger" ?disabled=${this.reading} @click=${() => this.#acceptKey(number)}>${this.say('key-accept')}</button>` : nothing}
      ${number.pinned || this.#changed() ? nothing : html`<p class="notice">${this.say('safety-unpinned')}</p>`}
      <div role="status">${this.result
        ? html`<p class="result ${this.result === 'same' ? '' : 'bad'}">${icon(this.result === 'same' ? 'shield' : 'warning')}${this.say(this.result === 'same' ? 'safety-same' : 'safety-different', { name })}</p>`
        : nothing}</div>
      <infrasound-qr .text=${number.qr} .label=${this.say('safety-qr')}></infrasound-qr>
      <div class="digits" role="group" aria-label=${this.say('safety-number')}>${number.digits.split(' ').map((group) => html`<span>${group}</span>`)}</div>
      ${this.scanning
        ? html`<infrasound-scanner .say=${this.say} @scanned=${(event: CustomEvent<string>) => this.#compare(event.detail)}></infrasound-scanner>`
        : canScan() ? html`<button class="button" @click=${() => (this.scanning = true)}>${icon('camera', 20)}${this.say('safety-scan')}</button>` : nothing}
      <button class="button" @click=${() => this.app.attempt(() => navigator.clipboard.writeText(number.digits), 'copied')}>${icon('copy', 20)}${this.say('copy')}</button>
      <div class="field">
        <label for="theirs">${this.say('safety-paste', { name })}</label>
        <textarea id="theirs" class="input" rows="3" dir="ltr" inputmode="numeric" @input=${(event: Event) => this.#compare((event.target as HTMLTextAreaElement).value)}></textarea>
      </div>`;
  }

  async #read(): Promise<void> {
    const read = ++this.#reads;
    this.reading = true;
    try {
      const number = await this.app.connected.safetyNumber(this.conversation.person?.handle ?? '');
      if (read !== this.#reads) return;
      // What was compared with another number says nothing of this one.
      if (number.digits !== this.number?.digits) this.result = undefined;
      this.number = number;
      this.failure = undefined;
    } catch (error) {
      if (read !== this.#reads) return;
      this.failure = this.number ? undefined : this.app.explain(error);
    }
    // The new one is on the page before it can be trusted.
    await this.updateComplete;
    if (read === this.#reads) this.reading = false;
  }

  /** Compares with what was scanned or pasted: either form, in whatever spacing, once it is long enough to be one. */
  #compare(theirs: string): void {
    this.scanning = false;
    const bare = theirs.replace(/\s/g, '');
    const digits = this.number?.digits.replace(/\s/g, '') ?? '';
    if (bare.length < digits.length) this.result = undefined;
    else this.result = bare === digits || theirs.trim() === this.number?.qr ? 'same' : 'different';
  }

  /** A changed key is told as a warning; after a reload, by there being no pinned key although people have talked. */
  #changed(): boolean {
    if (this.number?.pinned === false && this.conversation.lastMessage > 0) return true;
    return this.app.changedKeys.has(this.conversation.id);
  }

  async #acceptKey({ digits }: SafetyNumber): Promise<void> {
    const { id, person } = this.conversation;
    const handle = person?.handle ?? '';
    const sure = await this.app.confirm({
      title: this.say('key-accept'), text: this.say('key-accept-text', { name: shortName(handle) }), action: this.say('key-accept'), danger: true,
    });
    // It may have changed once more while the question was open.
    if (!sure || this.reading || this.number?.digits !== digits) return;
    if (!await this.app.attempt(() => this.app.connected.setContact(handle, 'accepted'))) return;
    this.app.keySeen(id);
    await this.#read();
  }
}
