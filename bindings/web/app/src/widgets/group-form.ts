/** A group's picture, name and description, as fields. */
import { css, html, LitElement } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';

import type { Say } from '../strings/language.ts';
import { base } from '../styles/base.ts';
import { icon } from './icon.ts';
import { shrink } from './shrink.ts';
import './avatar.ts';

const MAX_NAME = 100;
const MAX_DESCRIPTION = 500;

@customElement('infrasound-group-form')
export class GroupForm extends LitElement {
  static override styles = [base, css`
    :host {
      display: grid;
      gap: 14px;
    }

    .picture {
      justify-self: center;
      position: relative;
      border-radius: 50%;
      --avatar-size: 96px;
    }

    .picture .icon {
      position: absolute;
      inset-block-end: 0;
      inset-inline-end: 0;
      inline-size: 34px;
      block-size: 34px;
      padding: 7px;
      border-radius: 50%;
      background: var(--accent);
      color: var(--on-accent);
    }
  `];

  @property({ attribute: false }) say!: Say;
  @property() name = '';
  @property() description = '';
  @property() pictureUrl: string | undefined;
  /** The picture that was chosen here. */
  @state() picture: Blob | undefined;
  @query('input[type=file]') private file!: HTMLInputElement;
  #own: string | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#own) URL.revokeObjectURL(this.#own);
  }

  override render() {
    return html`
      <button type="button" class="picture" aria-label=${this.say('group-picture')} title=${this.say('group-picture')} @click=${() => this.file.click()}>
        <infrasound-avatar group .name=${this.name} .picture=${this.#own ?? this.pictureUrl}></infrasound-avatar>${icon('camera', 34)}
      </button>
      <input type="file" accept="image/png,image/jpeg,image/webp,image/gif" hidden @change=${this.#choose}>
      <div class="field">
        <label for="group-name">${this.say('group-name')}</label>
        <input id="group-name" class="input" maxlength=${MAX_NAME} dir="auto" autocomplete="off" .value=${this.name}
          @input=${(event: Event) => (this.name = (event.target as HTMLInputElement).value)}>
      </div>
      <div class="field">
        <label for="group-description">${this.say('group-description')}</label>
        <textarea id="group-description" class="input" rows="3" maxlength=${MAX_DESCRIPTION} dir="auto" .value=${this.description}
          @input=${(event: Event) => (this.description = (event.target as HTMLTextAreaElement).value)}></textarea>
      </div>`;
  }

  async #choose(): Promise<void> {
    const chosen = this.file.files?.[0];
    if (!chosen) return;
    this.picture = await shrink(chosen, 512);
    if (this.#own) URL.revokeObjectURL(this.#own);
    this.#own = URL.createObjectURL(this.picture);
    this.requestUpdate();
  }
}
