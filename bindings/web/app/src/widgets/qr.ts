/** A QR code. Always dark on light, since many readers know nothing else. */
import { css, html, LitElement, svg } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { encode } from 'uqr';

@customElement('infrasound-qr')
export class Qr extends LitElement {
  static override styles = css`
    :host {
      display: block;
      inline-size: min(100%, 232px);
      margin-inline: auto;
      padding: 14px;
      border-radius: 16px;
      background: #fff;
    }

    svg {
      display: block;
      inline-size: 100%;
    }
  `;

  @property() text = '';
  @property() label = '';

  override render() {
    const { size, data } = encode(this.text, { border: 2 });
    const dots = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
    return html`<svg role="img" aria-label=${this.label} viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">${svg`<path d=${dots} fill="#101415"/>`}</svg>`;
  }
}
