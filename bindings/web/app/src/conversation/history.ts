/** The messages of a conversation: a log that scrolls through any length, keeps its place, and can be walked by keyboard. */
import type { Conversation, Message, ObjectId } from '@infrasound/client';
import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';

import type { Chat } from '../app/chat.ts';
import { keyOf, type MessageKey } from '../app/message-key.ts';
import { Part } from '../app/part.ts';
import { shortName } from '../app/people.ts';
import { day, dayOf } from '../app/times.ts';
import { told } from '../app/told.ts';
import { icon } from '../widgets/icon.ts';
import type { EmojiPicker } from '../widgets/emoji-picker.ts';
import type { Menu, MenuItem } from '../widgets/menu.ts';
import '../widgets/emoji-picker.ts';
import '../widgets/menu.ts';
import { attachmentStyles, progressRow } from './attachments.ts';
import { sentences } from './change.ts';
import type { Draw } from './draw.ts';
import './lightbox.ts';
import { messageMenu } from './message-menu.ts';
import { messageStyles } from './message-styles.ts';
import { messageRow, summary } from './message.ts';
import { react } from './reactions.ts';
import { Window } from './window.ts';

/** Messages of one sender that are closer than this belong together. */
const TOGETHER = 5 * 60_000;
/** So near to an end more is shown. */
const NEAR = 900;
const AT_BOTTOM = 48;
const LONG_PRESS = 450;
/** So far a finger that stays may stray. */
const STRAY = 10;

@customElement('infrasound-history')
export class History extends Part {
  static override styles = [Part.styles, messageStyles, attachmentStyles, css`
    :host {
      position: relative;
      display: flex;
      flex-direction: column;
      flex: 1;
      min-block-size: 0;
    }

    .scroller {
      flex: 1;
      min-block-size: 0;
      overflow: hidden auto;
      overflow-anchor: none;
      overscroll-behavior: contain;
      scrollbar-gutter: stable;
    }

    .content {
      display: flex;
      flex-direction: column;
      justify-content: flex-end;
      min-block-size: 100%;
      padding-block: 12px;
    }

    .begin {
      padding: 24px;
      color: var(--muted);
      text-align: center;
    }

    .down {
      position: absolute;
      inset-block-end: 14px;
      inset-inline-end: 18px;
      display: flex;
      align-items: center;
      justify-content: center;
      gap: 6px;
      min-inline-size: 44px;
      min-block-size: 44px;
      padding-inline: 11px;
      border-radius: 22px;
      background: var(--raised);
      box-shadow: var(--shadow-raised);
      font-weight: 600;
    }
  `];

  @property({ attribute: false }) chat!: Chat;
  @property({ attribute: false }) conversation: Conversation | undefined;
  @property({ type: Boolean }) writable = false;
  @state() private flashed: MessageKey | undefined;
  @state() private focused: MessageKey | undefined;
  @state() private items: MenuItem[] = [];
  @state() private looking: { message: Message; index: number } | undefined;
  @state() private news = '';
  @query('.scroller') private scroller!: HTMLElement;
  @query('.content') private content!: HTMLElement;
  @query('infrasound-menu') private menu!: Menu;
  @query('infrasound-emoji-picker') private picker!: EmojiPicker;

  #window = new Window();
  /** A row and where its top was, to be there again after whatever changes above it. */
  #place: { key: MessageKey; top: number; scrolled: number } | undefined;
  #placed = false;
  #reacting: Message | undefined;
  #newest: MessageKey | undefined;
  #marked = 0;
  #press: { message: Message; x: number; y: number; began: number } | undefined;
  #unwatchChat: (() => void) | undefined;
  readonly #resized = new ResizeObserver(() => {
    if (this.#window.following || this.#place?.scrolled === this.scroller.scrollTop) this.#keepPlace();
  });
  readonly #looked = () => this.#markRead();

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('visibilitychange', this.#looked);
    window.addEventListener('focus', this.#looked);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized.disconnect();
    this.#unwatchChat?.();
    document.removeEventListener('visibilitychange', this.#looked);
    window.removeEventListener('focus', this.#looked);
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (changed.has('chat')) this.#enter();
    this.#window.take(this.chat.messages);
    // Before anything changes: a scroll may have happened that is not told yet.
    if (this.#placed) this.#savePlace();
    if (!this.#placed && this.chat.loaded && this.chat.firstUnread !== undefined) this.#window.around(this.chat.firstUnread);
    this.#hear();
  }

  #enter(): void {
    this.#window = new Window();
    this.#place = this.#newest = this.focused = undefined;
    this.#placed = false;
    this.#marked = 0;
    this.#unwatchChat?.();
    this.#unwatchChat = this.chat.watch(() => this.requestUpdate());
    void this.chat.open(this.conversation);
  }

  override render() {
    const { chat } = this;
    const shown = this.#window.shown;
    const newest = shown.at(-1);
    if (!shown.some((message) => keyOf(message) === this.focused)) this.focused = newest && keyOf(newest);
    const behind = !this.#window.following && this.#placed;
    return html`
      <div class="scroller" @scroll=${this.#scrolled}>
        <div class="content">
          ${chat.failure ? html`<p class="notice" role="alert">${told(this.app.explain(chat.failure))}
            <button class="link" @click=${() => void chat.open(this.conversation)}>${this.say('retry')}</button></p>` : nothing}
          ${chat.complete && this.#window.atStart && chat.loaded && chat.messages.length === 0
            ? html`<p class="begin">${this.say('history-empty')}</p>` : nothing}
          ${chat.olderFailure && this.#window.atStart ? html`<p class="begin">${told(this.app.explain(chat.olderFailure))}
            <button class="link" @click=${() => void chat.older()}>${this.say('retry')}</button></p>` : nothing}
          <ol aria-label=${this.say('history')} @keydown=${this.#key} @contextmenu=${this.#contextMenu}
            @pointerdown=${this.#pressed} @pointerup=${this.#released} @pointercancel=${this.#strayed} @pointermove=${this.#strayed}>
            ${repeat(this.#rows(shown), ({ key }) => key, ({ row }) => row())}
            ${this.#window.after === 0 ? this.#preparing() : nothing}
          </ol>
        </div>
      </div>
      <p class="spoken" role="log" aria-live="polite">${this.news}</p>
      ${behind ? html`<button class="down" title=${this.say('to-newest')} @click=${() => this.toNewest()}>
        ${this.conversation?.unread ? html`<span>${this.conversation.unread}</span>` : nothing}${icon('arrowDown', 20)}<span class="spoken">${this.say('to-newest')}</span></button>` : nothing}
      <infrasound-menu bare .label=${this.say('more')} .items=${this.items}></infrasound-menu>
      <infrasound-emoji-picker .say=${this.say} @chosen=${this.#picked}></infrasound-emoji-picker>
      ${this.looking ? html`<infrasound-lightbox .app=${this.app} .chat=${chat} .message=${this.looking.message} .index=${this.looking.index}
        @dismiss=${() => (this.looking = undefined)}></infrasound-lightbox>` : nothing}`;
  }

  protected override updated(): void {
    this.#resized.observe(this.content);
    this.#resized.observe(this.scroller);
    if (!this.#placed && this.chat.loaded) this.#arrive();
    else if (this.#placed) {
      this.#keepPlace();
      this.#fill();
    }
    this.#freshen();
    this.#markRead();
  }

  /** Goes to a message and shows which it is; reads back for it if need be. */
  async jump(answered: ObjectId): Promise<void> {
    const { chat } = this;
    let message: Message | undefined;
    if (!await this.app.attempt(async () => (message = await chat.reach(answered))) || chat !== this.chat) return;
    if (!message) {
      this.app.toast(this.say('quote-gone'));
      return;
    }
    const key = keyOf(message);
    this.#window.take(chat.messages);
    this.#window.around(key);
    this.#place = undefined;
    this.flashed = undefined;
    await this.updateComplete;
    this.flashed = this.focused = key;
    this.requestUpdate();
    await this.updateComplete;
    const row = this.#row(key);
    if (row) this.#centre(row);
    row?.focus({ preventScroll: true });
    this.#savePlace();
  }

  focusLast(): void {
    const last = this.#window.shown.at(-1);
    if (last) this.#row(keyOf(last))?.focus();
  }

  // --- rows ---

  #rows(shown: readonly Message[]): { key: string; row: () => TemplateResult }[] {
    const draw: Draw = {
      app: this.app, chat: this.chat, group: this.conversation?.kind === 'group', writable: this.writable,
      strange: this.conversation?.request ?? true,
      focused: this.focused, flashed: this.flashed,
      jump: (id) => void this.jump(id),
      openMenu: (message, anchor) => void this.#openMenu(message, anchor),
      pickReaction: (message, anchor) => this.#pick(message, anchor),
      look: (message, index) => (this.looking = { message, index }),
    };
    return shown.flatMap((message, index) => {
      const key = keyOf(message);
      const before = shown[index - 1];
      const after = shown[index + 1];
      const rows: { key: string; row: () => TemplateResult }[] = [];
      if (!before || dayOf(before.time) !== dayOf(message.time)) {
        rows.push({ key: `day ${key}`, row: () => html`<li class="day"><span>${day(this.app.locale, message.time)}</span></li>` });
      }
      if (key === this.chat.firstUnread) {
        rows.push({ key: 'unread', row: () => html`<li class="unread-line"><span>${this.say('unread-line')}</span></li>` });
      }
      const first = !before || !together(before, message) || key === this.chat.firstUnread;
      const last = !after || !together(message, after) || keyOf(after) === this.chat.firstUnread;
      const row = message.body.kind === 'changes'
        ? () => this.#system(message)
        : () => html`${guard(dependencies(draw, message, first, last), () => messageRow(draw, message, { first, last }))}`;
      return [...rows, { key, row }];
    });
  }

  #system(message: Message): TemplateResult {
    const key = keyOf(message);
    return html`<li class="system" data-id=${key} tabindex=${this.focused === key ? 0 : -1}>
      ${sentences(this.app, message).map((sentence) => html`<p>${sentence}</p>`)}
    </li>`;
  }

  #preparing() {
    return this.chat.preparing.map(({ key, text, done, total, controller }) => html`
      <li class="message own first last" data-preparing=${key}>
        <div class="column"><div class="bubble">
          ${progressRow(this.app, this.say('encrypting'), done, total, () => controller.abort())}
          <span dir="auto">${text}</span>
        </div></div>
      </li>`);
  }

  #row(key: MessageKey): HTMLElement | null {
    return this.content.querySelector(`[data-id="${CSS.escape(key)}"]`);
  }

  // --- place ---

  #arrive(): void {
    this.#placed = true;
    const line = this.content.querySelector<HTMLElement>('.unread-line');
    if (line && this.content.offsetHeight > this.scroller.clientHeight) this.#centre(line);
    else this.#window.toNewest();
    if (this.#window.following) this.scroller.scrollTop = this.scroller.scrollHeight;
    this.#savePlace();
    this.#fill();
    this.requestUpdate();
  }

  /** Scrolls nothing but the history: `scrollIntoView` would move the page around it, too. */
  #centre(row: HTMLElement): void {
    const box = row.getBoundingClientRect();
    const around = this.scroller.getBoundingClientRect();
    this.scroller.scrollTop += box.top + box.height / 2 - around.top - around.height / 2;
  }

  readonly #scrolled = (): void => {
    if (!this.#placed) return;
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const following = this.#window.after === 0 && scrollHeight - scrollTop - clientHeight < AT_BOTTOM;
    if (following !== this.#window.following) {
      this.#window.following = following;
      this.requestUpdate();
    }
    this.#savePlace();
    this.#fill();
  };

  /** Shows more where the reader comes near to an end of what is shown. */
  #fill(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    if (scrollTop < NEAR) {
      if (this.#window.backward()) this.requestUpdate();
      else if (!this.chat.complete && !this.chat.olderFailure) void this.chat.older();
    } else if (scrollHeight - scrollTop - clientHeight < NEAR && this.#window.forward()) {
      this.requestUpdate();
    }
  }

  #savePlace(): void {
    const top = this.scroller.getBoundingClientRect().top;
    for (const row of this.content.querySelectorAll<HTMLElement>('[data-id]')) {
      const box = row.getBoundingClientRect();
      if (box.bottom > top) {
        this.#place = { key: row.dataset['id'] ?? '', top: box.top - top, scrolled: this.scroller.scrollTop };
        return;
      }
    }
  }

  #keepPlace(): void {
    if (!this.#placed) return;
    if (this.#window.following) {
      this.scroller.scrollTop = this.scroller.scrollHeight;
      return;
    }
    const row = this.#place && this.#row(this.#place.key);
    if (!row || !this.#place) return;
    const moved = row.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top - this.#place.top;
    if (Math.abs(moved) > 0.5) this.scroller.scrollTop += moved;
    this.#place.scrolled = this.scroller.scrollTop;
  }

  toNewest(): void {
    this.#window.toNewest();
    this.chat.firstUnread = undefined;
    this.requestUpdate();
  }

  // --- keeping up ---

  /** What is looked at far back is read again when something may have changed there. */
  #freshen(): void {
    const { start, end } = this.#window.range;
    void this.chat.freshen(start, end);
  }

  #markRead(): void {
    if (!this.#placed || !this.isConnected || document.visibilityState !== 'visible' || !document.hasFocus()) return;
    const { conversation } = this;
    if (!conversation || conversation.request || conversation.unread === 0 || !this.#window.following) return;
    const numbers = this.chat.messages.map(({ number }) => number ?? 0);
    const upTo = Math.max(conversation.lastMessage, ...numbers.slice(-20));
    if (upTo <= this.#marked) return;
    this.#marked = upTo;
    void this.chat.handle.markRead(upTo).catch(() => undefined);
  }

  /** A screen reader is told of what comes in, and not of what is scrolled to. */
  #hear(): void {
    const newest = this.chat.messages.at(-1);
    const key = newest && keyOf(newest);
    if (newest && this.#newest !== undefined && key !== this.#newest && !newest.own) {
      this.news = newest.body.kind === 'changes'
        ? sentences(this.app, newest).join(' ')
        : `${shortName(newest.sender)}: ${summary(this.say, newest)}`;
    }
    if (this.chat.loaded) this.#newest = key ?? '';
  }

  // --- what can be done with a message ---

  #openMenu(message: Message, anchor: DOMRect): void {
    this.items = messageMenu(this.app, this.chat, message, this.writable, {
      pick: () => this.#pick(message, anchor),
      look: (index) => (this.looking = { message, index }),
      jump: (answered) => void this.jump(answered),
    });
    if (this.items.length > 0) void this.updateComplete.then(() => this.menu.updateComplete).then(() => this.menu.openAt(anchor));
  }

  #pick(message: Message, anchor: DOMRect): void {
    this.#reacting = message;
    void this.picker.openAt(anchor);
  }

  readonly #picked = (event: CustomEvent<string>): void => {
    if (this.#reacting) react(this.app, this.chat, this.#reacting, event.detail);
  };

  #under(event: Event): { message: Message; row: HTMLElement } | undefined {
    const row = (event.target as Element).closest<HTMLElement>('[data-id]');
    const message = row && this.chat.find(row.dataset['id'] ?? '');
    return row && message && message.body.kind !== 'changes' ? { row, message } : undefined;
  }

  readonly #contextMenu = (event: MouseEvent): void => {
    const under = this.#under(event);
    // Text that is chosen, and links, keep the browser's own menu.
    if (!under || (event.target as Element).closest('a') || getSelection()?.isCollapsed === false) return;
    event.preventDefault();
    this.#openMenu(under.message, new DOMRect(event.clientX, event.clientY));
  };

  /** Not every browser has a menu event for a finger that stays. */
  readonly #pressed = (event: PointerEvent): void => {
    const under = event.pointerType === 'touch' ? this.#under(event) : undefined;
    this.#press = under && { message: under.message, x: event.clientX, y: event.clientY, began: event.timeStamp };
  };

  /** A browser with a menu event, or one that scrolls, cancels the pointer. */
  readonly #strayed = (event: PointerEvent): void => {
    const { x = 0, y = 0 } = this.#press ?? {};
    if (event.type === 'pointercancel' || Math.hypot(event.clientX - x, event.clientY - y) > STRAY) this.#press = undefined;
  };

  /** Opened while the finger is down, the menu would be closed by its being lifted. */
  readonly #released = (event: PointerEvent): void => {
    const press = this.#press;
    this.#press = undefined;
    if (press && event.timeStamp - press.began >= LONG_PRESS) this.#openMenu(press.message, new DOMRect(press.x, press.y));
  };

  readonly #key = (event: KeyboardEvent): void => {
    const row = (event.target as Element).closest<HTMLElement>('[data-id]');
    if (!row || event.target !== row) return;
    const rows = [...this.content.querySelectorAll<HTMLElement>('[data-id]')];
    const at = rows.indexOf(row);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, PageUp: at - 8, PageDown: at + 8, Home: 0, End: rows.length - 1 }[event.key];
    const message = this.chat.find(row.dataset['id'] ?? '');
    if (to !== undefined) {
      event.preventDefault();
      const next = rows[Math.max(0, Math.min(to, rows.length - 1))];
      this.focused = next?.dataset['id'];
      next?.focus();
    } else if ((event.key === 'Enter' || event.key === ' ') && message) {
      event.preventDefault();
      this.#openMenu(message, (row.querySelector('.bubble') ?? row).getBoundingClientRect());
    }
  };
}

/** What a row is drawn from: while that is the same, so is the row. */
function dependencies(draw: Draw, message: Message, first: boolean, last: boolean): unknown[] {
  const { app, chat, focused, flashed, writable, strange } = draw;
  const key = keyOf(message);
  const answered = message.inReplyTo === undefined ? undefined : chat.answered(message.inReplyTo);
  const files = message.attachments.length > 0 ? app.files.revision : 0;
  return [message, first, last, focused === key, flashed === key, writable, strange, app.say, answered, files, chat.changeOf(key)];
}

function together(one: Message, other: Message): boolean {
  return one.sender === other.sender && one.body.kind !== 'changes' && other.body.kind !== 'changes'
    && other.time - one.time < TOGETHER && dayOf(one.time) === dayOf(other.time);
}
