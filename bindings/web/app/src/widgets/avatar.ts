/** A round picture of somebody or of a group; without one, initials on a colour of their own. */
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property } from 'lit/decorators.js';

import { hue, initials } from '../app/people.ts';
import { icon } from './icon.ts';

@customElement('infrasound-avatar')
export class Avatar extends LitElement {
  static override styles = css`
    :host {
      flex: none;
      display: grid;
      place-items: center;
      inline-size: var(--avatar-size, 48px);
      block-size: var(--avatar-size, 48px);
      border-radius: 50%;
      overflow: hidden;
      background: oklch(0.47 0.075 var(--hue, 200));
      color: #fff;
      font-weight: 600;
      font-size: calc(var(--avatar-size, 48px) * 0.38);
      line-height: 1;
      user-select: none;
    }

    img {
      inline-size: 100%;
      block-size: 100%;
      object-fit: cover;
    }

    svg {
      inline-size: 54%;
      block-size: 54%;
    }
  `;

  /** A handle, or a group's name. */
  @property() name = '';
  /** What the colour is made from, if that is not the name. */
  @property() seed = '';
  @property() picture: string | undefined;
  @property({ type: Boolean }) group = false;

  override connectedCallback(): void {
    super.connectedCallback();
    this.ariaHidden = 'true';
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('name') || changed.has('seed')) this.style.setProperty('--hue', String(hue(this.seed || this.name)));
  }

  override render() {
    if (this.picture) return html`<img src=${this.picture} alt="">`;
    if (this.group && !this.name) return icon('group');
    return this.name ? html`<span>${initials(this.name)}</span>` : nothing;
  }
}
