/** What stands beside the list while no conversation is open. */
import { css, html } from 'lit';
import { customElement } from 'lit/decorators.js';

import { Part } from '../app/part.ts';
import { elephant } from '../widgets/elephant.ts';
import { icon } from '../widgets/icon.ts';

@customElement('infrasound-blank')
export class Blank extends Part {
  static override styles = [Part.styles, css`
    :host {
      display: grid;
      place-content: center;
      justify-items: center;
      gap: 12px;
      block-size: 100%;
      padding: 24px;
      color: var(--muted);
      text-align: center;
    }

    .elephant {
      color: var(--accent);
    }

    p {
      max-inline-size: 420px;
      display: flex;
      align-items: center;
      gap: 8px;
    }
  `];

  override render() {
    return html`
      ${elephant(220)}
      <p>${this.say('blank')}</p>
      <p class="hint">${icon('lock', 16)}${this.say('welcome-encrypted')}</p>`;
  }
}
