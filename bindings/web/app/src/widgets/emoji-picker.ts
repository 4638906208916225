/** Chooses an emoji: a short row, more below, or any that is typed. */
import { css, html, LitElement } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';

import type { Say } from '../strings/language.ts';
import { base } from '../styles/base.ts';
import { asEmoji, EMOJI, QUICK } from './emoji.ts';
import { place } from './popover.ts';

@customElement('infrasound-emoji-picker')
export class EmojiPicker extends LitElement {
  static override styles = [base, css`
    .picker {
      position: fixed;
      inset: auto;
      inline-size: min(348px, calc(100vw - 16px));
      max-block-size: min(360px, calc(100dvh - 16px));
      margin: 0;
      padding: 10px;
      border: 1px solid var(--line);
      border-radius: 18px;
      background: var(--raised);
      color: var(--text);
      box-shadow: var(--shadow-raised);
      overflow: hidden auto;
    }

    .grid {
      display: grid;
      grid-template-columns: repeat(auto-fill, minmax(44px, 1fr));
    }

    .grid button {
      block-size: 44px;
      border-radius: 12px;
      font-size: 1.5em;
      line-height: 1;
      text-align: center;
    }

    .grid button:hover {
      background: var(--hover);
    }

    .quick {
      margin-block-end: 8px;
      padding-block-end: 8px;
      border-block-end: 1px solid var(--line);
    }

    .input {
      margin-block-end: 8px;
    }
  `];

  @property({ attribute: false }) say!: Say;
  @state() private open = false;
  @query('.picker') private picker!: HTMLElement;

  override render() {
    return html`
      <div class="picker" popover="auto" role="dialog" aria-label=${this.say('emoji')} @toggle=${this.#toggled} @keydown=${this.#key}>
        ${this.open ? html`
          <div class="grid quick">${QUICK.map(this.#button)}</div>
          <input class="input" aria-label=${this.say('emoji-any')} placeholder=${this.say('emoji-any')} autocomplete="off" @input=${this.#typed}>
          ${EMOJI.map((group) => html`<div class="grid">${group.map(this.#button)}</div>`)}` : ''}
      </div>`;
  }

  async openAt(anchor: DOMRect): Promise<void> {
    this.open = true;
    await this.updateComplete;
    this.picker.showPopover();
    place(this.picker, anchor);
    this.picker.querySelector<HTMLElement>('button')?.focus();
  }

  readonly #button = (emoji: string) => html`<button type="button" @click=${() => this.#choose(emoji)}>${emoji}</button>`;

  #choose(emoji: string): void {
    this.picker.hidePopover();
    this.dispatchEvent(new CustomEvent('chosen', { detail: emoji }));
  }

  #typed(event: InputEvent): void {
    const emoji = asEmoji((event.target as HTMLInputElement).value);
    if (emoji) this.#choose(emoji);
  }

  #toggled(event: ToggleEvent): void {
    this.open = event.newState === 'open';
  }

  #key(event: KeyboardEvent): void {
    if (event.key === 'Escape') event.stopPropagation();
    const root = this.renderRoot as ShadowRoot;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 7, ArrowUp: -7 }[event.key];
    if (step === undefined || !(root.activeElement instanceof HTMLButtonElement)) return;
    event.preventDefault();
    const rtl = getComputedStyle(this).direction === 'rtl' && Math.abs(step) === 1 ? -1 : 1;
    const buttons = [...this.picker.querySelectorAll('button')];
    buttons[buttons.indexOf(root.activeElement) + step * rtl]?.focus();
  }
}
