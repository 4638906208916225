/** Short notes at the bottom, which go by themselves; read aloud when they appear. */
import { css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';

import { Part } from '../app/part.ts';
import { told } from '../app/told.ts';
import { icon } from './icon.ts';

@customElement('infrasound-toasts')
export class Toasts extends Part {
  static override styles = [Part.styles, css`
    :host {
      position: absolute;
      inset-inline: 0;
      inset-block-end: max(84px, env(safe-area-inset-bottom));
      z-index: 5;
      display: grid;
      justify-items: center;
      gap: 8px;
      padding-inline: 12px;
      pointer-events: none;
    }

    .toast {
      display: flex;
      align-items: center;
      gap: 10px;
      max-inline-size: 520px;
      padding-inline: 18px 6px;
      border-radius: 16px;
      background: light-dark(#223033, #e3e9e8);
      color: light-dark(#f4f7f6, #14201f);
      box-shadow: var(--shadow-raised);
      pointer-events: auto;
      animation: rise 0.2s ease-out;
    }

    .toast p {
      padding-block: 8px;
    }

    .icon-button,
    .icon-button:hover:not(:disabled) {
      color: inherit;
      background: none;
    }

    @keyframes rise {
      from {
        opacity: 0;
        transform: translateY(10px);
      }
    }
  `];

  override render() {
    const { toasts } = this.app;
    return html`
      <div role="status" aria-live="polite">${repeat(toasts.filter(({ failed }) => !failed), ({ key }) => key, this.#toast)}</div>
      <div role="alert">${repeat(toasts.filter(({ failed }) => failed), ({ key }) => key, this.#toast)}</div>`;
  }

  readonly #toast = (toast: (typeof this.app.toasts)[number]) => html`
    <div class="toast">
      ${toast.failed ? icon('failed', 20) : nothing}
      <p>${told(toast.told)}</p>
      <button class="icon-button" aria-label=${this.say('close')} @click=${() => this.app.dismissToast(toast)}>${icon('close', 18)}</button>
    </div>`;
}
