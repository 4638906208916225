/** A picture as large as the window. */
import type { Message } from '@infrasound/client';
import { css, html, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';

import type { Chat } from '../app/chat.ts';
import { Files, type Fetchable } from '../app/files.ts';
import { Part } from '../app/part.ts';
import { told } from '../app/told.ts';
import { plainName } from '../text/name.ts';
import { icon } from '../widgets/icon.ts';
import { properties } from '../widgets/properties.ts';

@customElement('infrasound-lightbox')
export class Lightbox extends Part {
  static override styles = [Part.styles, css`
    dialog {
      display: grid;
      grid-template-rows: auto minmax(0, 1fr);
      inline-size: 100vw;
      block-size: 100dvh;
      max-inline-size: none;
      max-block-size: none;
      padding: 0;
      border: 0;
      background: #0c1011;
      color: #f2f5f5;
    }

    header {
      display: flex;
      align-items: center;
      gap: 4px;
      padding: max(6px, env(safe-area-inset-top)) 10px 6px 18px;
    }

    .cut {
      flex: 1;
    }

    .icon-button,
    .icon-button:hover:not(:disabled) {
      color: inherit;
      background: none;
    }

    figure {
      display: grid;
      place-items: center;
      grid-template: minmax(0, 1fr) / minmax(0, 1fr);
      padding: 0 12px max(12px, env(safe-area-inset-bottom));
    }

    img,
    .coming {
      grid-area: 1 / 1;
    }

    img {
      max-inline-size: 100%;
      max-block-size: 100%;
      object-fit: contain;
    }

    /* As large as the picture will be. */
    img.thumbnail {
      inline-size: min(100%, var(--wide, 100%));
      block-size: min(100%, var(--high, 100%));
      filter: blur(12px);
    }

    .coming {
      z-index: 1;
      display: grid;
      justify-items: center;
      gap: 8px;
      max-inline-size: min(100%, 420px);
      padding: 14px 18px;
      border-radius: 14px;
      background: #0c1011d9;
      text-align: center;
    }

    .coming .link {
      color: inherit;
    }

    .coming progress {
      accent-color: #8fd0d4;
    }
  `];

  @property({ attribute: false }) chat!: Chat;
  @property({ attribute: false }) message!: Message;
  @property({ type: Number }) index = 0;
  @state() private shown = 0;
  @query('dialog') private dialog!: HTMLDialogElement;

  override connectedCallback(): void {
    super.connectedCallback();
    this.shown = this.index;
  }

  override firstUpdated(): void {
    this.dialog.showModal();
  }

  override render() {
    const file = this.message.attachments[this.shown];
    if (!file || !Files.isFetchable(file)) return nothing;
    const name = plainName(file.name);
    const url = this.app.files.picture(this.chat.handle, file);
    const several = this.message.attachments.filter(Files.isPicture).length > 1;
    return html`
      <dialog aria-label=${this.say('picture', { name })} @cancel=${this.#cancel} @keydown=${this.#key}>
        <header>
          <span class="cut" dir="auto">${name}</span>
          ${several ? html`
            <button class="icon-button" aria-label=${this.say('previous')} @click=${() => this.#turn(-1)}>${icon('back')}</button>
            <button class="icon-button" aria-label=${this.say('next')} @click=${() => this.#turn(1)}>${icon('chevron')}</button>` : nothing}
          <button class="icon-button" aria-label=${this.say('save')} title=${this.say('save')} @click=${() => this.app.files.save(this.chat.handle, file)}>${icon('download')}</button>
          <button class="icon-button" aria-label=${this.say('close')} title=${this.say('close')} @click=${this.#close}>${icon('close')}</button>
        </header>
        <figure>${url ? html`<img src=${url} alt=${name}>` : this.#coming(file)}</figure>
      </dialog>`;
  }

  /** What is seen of a picture that is being fetched, and how far it is. */
  #coming(file: Fetchable) {
    const { files } = this.app;
    const transfer = files.transfers.get(file.blob);
    const thumbnail = files.thumbnail(file);
    const { width, height } = file;
    const measures = width && height ? { '--wide': `${width}px`, '--high': `${height}px` } : {};
    return html`
      ${thumbnail ? html`<img class="thumbnail" ${properties(measures)} src=${thumbnail} alt="">` : nothing}
      <div class="coming">
        ${files.missing(file)
          ? html`<span role="status">${transfer?.step === 'failed' ? told(this.app.explain(transfer.error)) : this.say('picture-stopped')}</span>
              <button class="link" @click=${() => files.retryPicture(this.chat.handle, file)}>${this.say(transfer?.step === 'stopped' ? 'resume' : 'retry')}</button>`
          : transfer?.step === 'running'
            ? html`<progress aria-label=${this.say('loading')} max=${transfer.total || 1} value=${transfer.done}></progress>
                <button class="link" @click=${() => files.stop(file)}>${this.say('cancel')}</button>`
            : html`<progress aria-label=${this.say('loading')}></progress>`}
      </div>`;
  }

  #turn(step: number): void {
    const pictures = this.message.attachments.flatMap((file, index) => (Files.isPicture(file) ? [index] : []));
    const at = pictures.indexOf(this.shown) + step;
    this.shown = pictures[(at + pictures.length) % pictures.length] ?? this.shown;
  }

  #key(event: KeyboardEvent): void {
    const rtl = this.app.direction === 'rtl' ? -1 : 1;
    if (event.key === 'ArrowRight') this.#turn(rtl);
    else if (event.key === 'ArrowLeft') this.#turn(-rtl);
    else if (event.key === 'Escape') event.stopPropagation();
  }

  #cancel(event: Event): void {
    event.preventDefault();
    this.#close();
  }

  #close(): void {
    this.dialog.close();
    this.dispatchEvent(new CustomEvent('dismiss'));
  }
}
