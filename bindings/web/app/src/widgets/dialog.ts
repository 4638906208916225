/** A dialog: a modal one of the browser's own, which keeps the focus and gives it back. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';

import { base } from '../styles/base.ts';
import { icon } from './icon.ts';

/** What has the focus, within however many components. */
function focused(): HTMLElement | undefined {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element instanceof HTMLElement ? element : undefined;
}

@customElement('infrasound-dialog')
export class Dialog extends LitElement {
  static override styles = [base, css`
    dialog {
      inline-size: min(440px, calc(100vw - 24px));
      max-block-size: min(760px, calc(100dvh - 24px));
      padding: 0;
      border: 0;
      border-radius: 22px;
      background: var(--surface);
      color: var(--text);
      box-shadow: var(--shadow-raised);
      overflow: hidden auto;
      overscroll-behavior: contain;
    }

    dialog::backdrop {
      background: rgb(10 14 15 / 48%);
    }

    header {
      position: sticky;
      inset-block-start: 0;
      z-index: 1;
      display: flex;
      align-items: center;
      gap: 8px;
      min-block-size: 60px;
      padding: 8px 8px 8px 22px;
      padding-inline: 22px 8px;
      background: var(--surface);
    }

    h2 {
      flex: 1;
      font-size: 1.2em;
    }

    .content {
      display: grid;
      gap: 16px;
      padding: 4px 22px 22px;
    }
  `];

  @property() heading = '';
  /** The label of the button that closes it; without one there is no button. */
  @property() dismiss = '';

  @query('dialog') private dialog!: HTMLDialogElement;

  #before: HTMLElement | undefined;

  override firstUpdated(): void {
    this.#before = focused();
    this.dialog.showModal();
  }

  /** The browser gives the focus back only from a dialog that is still on the page. */
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.dialog?.close();
    if (document.activeElement === document.body) this.#before?.focus({ preventScroll: true });
  }

  override render() {
    return html`
      <dialog aria-labelledby="heading" @cancel=${this.#cancel} @click=${this.#outside} @keydown=${this.#key}>
        <header>
          <h2 id="heading">${this.heading}</h2>
          ${this.dismiss ? html`<button class="icon-button" aria-label=${this.dismiss} title=${this.dismiss} @click=${this.#close}>${icon('close')}</button>` : nothing}
        </header>
        <div class="content"><slot></slot></div>
      </dialog>`;
  }

  #close(): void {
    this.dispatchEvent(new CustomEvent('dismiss'));
  }

  #cancel(event: Event): void {
    event.preventDefault();
    this.#close();
  }

  #key(event: KeyboardEvent): void {
    if (event.key === 'Escape') event.stopPropagation();
  }

  #outside(event: MouseEvent): void {
    if (event.target === this.dialog) this.#close();
  }
}
