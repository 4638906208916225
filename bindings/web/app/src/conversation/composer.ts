/** Where a message is written: several lines, files, an answer or a correction. */
import type { Handle, Message } from '@infrasound/client';
import { css, html, nothing, type PropertyValues } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';

import type { Draft } from '../app/draft.ts';
import { Part } from '../app/part.ts';
import { shortName } from '../app/people.ts';
import { bytes } from '../app/times.ts';
import { plainName } from '../text/name.ts';
import { composing } from '../widgets/composing.ts';
import type { EmojiPicker } from '../widgets/emoji-picker.ts';
import { icon } from '../widgets/icon.ts';
import { summary } from './message.ts';

const TALLEST = 200;
/** What the core allows with one message. */
const MOST_FILES = 16;

@customElement('infrasound-composer')
export class Composer extends Part {
  static override styles = [Part.styles, css`
    :host {
      flex: none;
      display: block;
      padding: 6px 12px max(10px, env(safe-area-inset-bottom));
    }

    form {
      display: grid;
      border-radius: 24px;
      background: var(--surface);
      box-shadow: var(--shadow);
      overflow: hidden;
    }

    form:focus-within {
      box-shadow: 0 0 0 2px var(--accent);
    }

    .bar {
      display: flex;
      align-items: center;
      gap: 10px;
      padding: 4px 4px 0 16px;
      padding-inline: 16px 4px;
      border-block-end: 1px solid var(--line);
    }

    .bar > .icon {
      color: var(--accent);
    }

    .bar .grow {
      flex: 1;
      min-inline-size: 0;
      font-size: 0.92em;
    }

    .bar .cut {
      display: block;
    }

    .files {
      display: flex;
      flex-wrap: wrap;
      gap: 8px;
      padding: 10px 12px 2px;
    }

    .file {
      display: flex;
      align-items: center;
      gap: 8px;
      max-inline-size: 240px;
      padding-inline-start: 10px;
      border-radius: 12px;
      background: var(--hover);
      font-size: 0.92em;
    }

    .file img {
      inline-size: 40px;
      block-size: 40px;
      margin-inline-start: -6px;
      border-radius: 8px;
      object-fit: cover;
    }

    .line {
      display: flex;
      align-items: flex-end;
      padding: 2px;
    }

    textarea {
      flex: 1;
      min-inline-size: 0;
      block-size: 44px;
      max-block-size: ${TALLEST}px;
      padding: 11px 4px;
      border: 0;
      background: none;
      resize: none;
      line-height: 22px;
    }

    /* The box around it shows the focus. */
    textarea:focus-visible {
      outline: none;
    }

    .send {
      color: var(--on-accent);
      background: var(--accent);
    }

    .send:hover:not(:disabled) {
      color: var(--on-accent);
      background: var(--accent);
      filter: brightness(1.08);
    }

    .send:disabled {
      background: none;
      color: var(--muted);
      opacity: 1;
    }
  `];

  @property({ attribute: false }) draft!: Draft;
  /** Whom it is for, for the label. */
  @property() to: Handle | string = '';
  /** Not for the first message to somebody. */
  @property({ type: Boolean }) withFiles = true;
  @query('textarea') private area!: HTMLTextAreaElement;
  @query('input[type=file]') private input!: HTMLInputElement;
  @query('infrasound-emoji-picker') private picker!: EmojiPicker;
  #unwatch: (() => void) | undefined;
  #editing: Message | undefined;
  #answering: Message | undefined;
  readonly #previews = new Map<File, string>();

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unwatch?.();
    for (const url of this.#previews.values()) URL.revokeObjectURL(url);
    this.#previews.clear();
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (!changed.has('draft')) return;
    this.#unwatch?.();
    this.#unwatch = this.draft.watch(() => this.requestUpdate());
    this.#editing = this.draft.editing;
    this.#answering = this.draft.answering;
  }

  override render() {
    const { draft } = this;
    const label = this.say('write-to', { name: this.to });
    return html`
      <form @submit=${this.#submit}>
        ${this.#context()}
        ${draft.files.length > 0 && !draft.editing ? html`<ul class="files" aria-label=${this.say('files')}>${draft.files.map(this.#file)}</ul>` : nothing}
        <div class="line">
          ${this.withFiles && !draft.editing ? html`
            <button type="button" class="icon-button" aria-label=${this.say('attach')} title=${this.say('attach')} @click=${() => this.input.click()}>${icon('attach')}</button>
            <input type="file" multiple hidden @change=${this.#chosen}>` : nothing}
          <textarea rows="1" dir="auto" aria-label=${label} placeholder=${this.say('write')} enterkeyhint=${this.app.preferences.sendWith === 'enter' ? 'send' : 'enter'}
            .value=${draft.shown} @input=${this.#typed} @keydown=${this.#key} @paste=${this.#pasted}></textarea>
          <button type="button" class="icon-button" aria-label=${this.say('emoji')} title=${this.say('emoji')} @click=${this.#emoji}>${icon('react')}</button>
          <button class="icon-button send" aria-label=${this.say(draft.editing ? 'save-edit' : 'send')} title=${this.say(draft.editing ? 'save-edit' : 'send')} ?disabled=${draft.isEmpty}>
            ${icon(draft.editing ? 'check' : 'send')}</button>
        </div>
      </form>
      <infrasound-emoji-picker .say=${this.say} @chosen=${this.#insert}></infrasound-emoji-picker>`;
  }

  protected override updated(): void {
    const { editing, answering } = this.draft;
    if (editing !== this.#editing) {
      this.#editing = editing;
      if (editing) this.focusText();
    }
    if (answering !== this.#answering) {
      this.#answering = answering;
      if (answering) this.focusText();
    }
    this.#fit();
    for (const [file, url] of this.#previews) {
      if (this.draft.files.includes(file)) continue;
      URL.revokeObjectURL(url);
      this.#previews.delete(file);
    }
  }

  focusText(): void {
    this.area?.focus();
  }

  /** Takes files that were chosen, pasted or dropped. */
  add(files: Iterable<File>): void {
    const all = [...this.draft.files, ...files];
    if (all.length > MOST_FILES) this.app.toast(this.say('too-many-files', { count: MOST_FILES }), true);
    this.draft.set({ files: all.slice(0, MOST_FILES) });
    this.focusText();
  }

  #context() {
    const { answering, editing } = this.draft;
    const message = editing ?? answering;
    if (!message) return nothing;
    return html`
      <div class="bar">
        ${icon(editing ? 'edit' : 'reply', 20)}
        <span class="grow">
          <strong class="cut">${editing ? this.say('editing') : this.say('answering', { name: message.own ? this.say('yourself') : shortName(message.sender) })}</strong>
          <span class="cut hint" dir="auto">${summary(this.say, message)}</span>
        </span>
        <button type="button" class="icon-button" aria-label=${this.say('cancel')} @click=${this.#cancel}>${icon('close', 20)}</button>
      </div>`;
  }

  readonly #file = (file: File) => html`
    <li class="file">
      ${file.type.startsWith('image/') && file.type !== 'image/svg+xml' ? html`<img src=${this.#preview(file)} alt="">` : icon('file', 20)}
      <span class="cut"><span dir="auto">${plainName(file.name)}</span> <span class="hint">${bytes(this.app.locale, file.size)}</span></span>
      <button type="button" class="icon-button" aria-label=${this.say('remove-chosen', { name: file.name })}
        @click=${() => this.draft.set({ files: this.draft.files.filter((other) => other !== file) })}>${icon('close', 16)}</button>
    </li>`;

  #preview(file: File): string {
    let url = this.#previews.get(file);
    if (!url) this.#previews.set(file, url = URL.createObjectURL(file));
    return url;
  }

  #fit(): void {
    this.area.style.height = '0';
    this.area.style.height = `${Math.min(Math.max(44, this.area.scrollHeight), TALLEST)}px`;
    this.area.style.overflowY = this.area.scrollHeight > TALLEST ? 'auto' : 'hidden';
  }

  #typed(): void {
    this.draft.write(this.area.value);
    if (this.area.value.trim()) this.dispatchEvent(new CustomEvent('typing'));
  }

  #key(event: KeyboardEvent): void {
    if (composing(event)) return;
    if (event.key === 'Enter') {
      const modified = event.ctrlKey || event.metaKey;
      const sends = this.app.preferences.sendWith === 'enter' ? !event.shiftKey && !event.altKey : modified;
      if (sends) this.#submit(event);
    } else if (event.key === 'Escape' && (this.draft.editing || this.draft.answering)) {
      event.stopPropagation();
      this.#cancel();
    } else if (event.key === 'ArrowUp' && this.area.value === '') {
      event.preventDefault();
      this.dispatchEvent(new CustomEvent('up'));
    }
  }

  #submit(event: Event): void {
    event.preventDefault();
    if (!this.draft.isEmpty) this.dispatchEvent(new CustomEvent('send'));
  }

  #cancel(): void {
    if (this.draft.editing) this.draft.stopEditing();
    else this.draft.set({ answering: undefined });
    this.focusText();
  }

  #chosen(): void {
    this.add(this.input.files ?? []);
    this.input.value = '';
  }

  #pasted(event: ClipboardEvent): void {
    const files = [...event.clipboardData?.files ?? []];
    if (files.length === 0 || !this.withFiles || this.draft.editing) return;
    event.preventDefault();
    this.add(files);
  }

  #emoji(event: Event): void {
    void this.picker.openAt((event.currentTarget as HTMLElement).getBoundingClientRect());
  }

  #insert(event: CustomEvent<string>): void {
    this.focusText();
    this.area.setRangeText(event.detail, this.area.selectionStart, this.area.selectionEnd, 'end');
    this.#typed();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'infrasound-composer': Composer;
  }
}
