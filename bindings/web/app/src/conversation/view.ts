/** An open conversation: who it is with, what is to be known, its messages, and where one writes. */
import type { Conversation, GroupSettings, Role } from '@infrasound/client';
import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';

import { Part } from '../app/part.ts';
import { shortName } from '../app/people.ts';
import { groupPicture, menu } from '../sidebar/row.ts';
import { icon } from '../widgets/icon.ts';
import type { MenuItem } from '../widgets/menu.ts';
import '../widgets/avatar.ts';
import '../widgets/menu.ts';
import './banners.ts';
import './composer.ts';
import type { Composer } from './composer.ts';
import './history.ts';
import type { History } from './history.ts';
import './request-bar.ts';
import { deliver } from './deliver.ts';
import { viewStyles } from './view-styles.ts';

@customElement('infrasound-conversation')
export class ConversationView extends Part {
  static override styles = [Part.styles, viewStyles, css`
    .typing {
      flex: none;
      block-size: 22px;
      padding-inline: 24px;
      color: var(--muted);
      font-size: 0.87em;
    }

    .drop {
      position: absolute;
      inset: 12px;
      z-index: 3;
      display: grid;
      place-content: center;
      justify-items: center;
      gap: 10px;
      border: 2px dashed var(--accent);
      border-radius: 20px;
      background: color-mix(in srgb, var(--background) 90%, transparent);
      color: var(--accent);
      font-weight: 600;
      pointer-events: none;
    }

    .closed {
      flex: none;
      padding: 14px 24px max(14px, env(safe-area-inset-bottom));
      color: var(--muted);
      text-align: center;
    }
  `];

  @state() private dragging = 0;
  @query('infrasound-composer') private composer!: Composer | null;
  @query('infrasound-history') private history!: History;
  /** Why this account may not write in the group, if it may not. */
  @state() private silent: 'group-closed' | 'group-post-moderator' | 'group-post-owner' | undefined;
  #shown: string | undefined;
  #detailed = false;
  #rulesOf = '';

  override render() {
    const { app } = this;
    const id = app.place.conversation ?? '';
    const conversation = app.summary(id);
    const chat = app.chat(id);
    const writable = this.#writable(conversation);
    return html`
      <section aria-label=${conversation ? app.title(conversation) : ''} @dragenter=${this.#drag} @dragover=${this.#over} @dragleave=${this.#drag} @drop=${this.#drop}>
        ${this.#header(conversation)}
        <infrasound-banners .app=${app} .conversation=${conversation}></infrasound-banners>
        <infrasound-history .app=${app} .chat=${chat} .conversation=${conversation} ?writable=${writable}></infrasound-history>
        <p class="typing cut" role="status">${this.#typing(id)}</p>
        ${conversation && this.#asks(conversation)
          ? html`<infrasound-request-bar .app=${app} .conversation=${conversation}></infrasound-request-bar>`
          : writable
            ? html`<infrasound-composer .app=${app} .draft=${chat.draft} .to=${conversation ? app.title(conversation) : ''}
                @send=${() => this.#send()} @typing=${() => void chat.handle.typing().catch(() => undefined)} @up=${() => this.history.focusLast()}></infrasound-composer>`
            : conversation ? html`<p class="closed">${this.#why(conversation)}</p>` : nothing}
        ${this.dragging > 0 && writable ? html`<div class="drop">${icon('attach', 40)}${this.say('drop')}</div>` : nothing}
      </section>`;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const conversation = this.app.summary(this.app.place.conversation);
    if (conversation && conversation.id !== this.#shown) this.silent = undefined;
    void this.#readRules(conversation);
  }

  /** Reads who may write, whenever the group has changed. */
  async #readRules(conversation: Conversation | undefined): Promise<void> {
    const changes = conversation && this.app.chat(conversation.id).messages.findLast(({ body }) => body.kind === 'changes');
    const of = conversation?.kind === 'group' ? `${conversation.id} ${changes?.id} ${conversation.consent}` : '';
    if (of === this.#rulesOf) return;
    this.#rulesOf = of;
    if (!conversation || of === '') return;
    try {
      const { role, settings } = await this.app.connected.conversation(conversation.id).view();
      if (this.#rulesOf === of) this.silent = silence(role, settings);
    } catch {
      // Offline, or not in it yet: the core will say so if it is tried.
    }
  }

  protected override updated(): void {
    const { conversation, details } = this.app.place;
    const closed = this.#detailed && !details && conversation === this.#shown;
    this.#detailed = details !== undefined;
    if (closed) requestAnimationFrame(() => this.#takeFocus());
    if (conversation === this.#shown) return;
    this.#shown = conversation;
    // On a phone the keyboard would cover what one came to read.
    if (!details && matchMedia('(hover: hover)').matches) void this.updateComplete.then(() => this.composer?.updateComplete).then(() => this.composer?.focusText());
  }

  /** The column that had the focus is gone: back to what opened it. */
  #takeFocus(): void {
    if (document.activeElement === document.body) this.renderRoot.querySelector<HTMLElement>('.who')?.focus({ preventScroll: true });
  }

  #header(conversation: Conversation | undefined): TemplateResult {
    const { app } = this;
    if (!conversation) return html`<header>${this.#back()}</header>`;
    const name = app.title(conversation);
    const direct = conversation.kind === 'direct';
    const second = direct ? conversation.person?.handle : conversation.group?.description;
    return html`
      <h2 class="spoken">${name}</h2>
      <header>
        ${this.#back()}
        <button class="who" @click=${() => app.detail(app.place.details ? undefined : 'info')}>
          <infrasound-avatar .name=${direct ? conversation.person?.handle ?? '' : conversation.group?.name ?? ''} .seed=${direct ? '' : conversation.id}
            .picture=${groupPicture(app, conversation)} ?group=${!direct}></infrasound-avatar>
          <span class="names">
            <span class="name cut" dir="auto">${name}</span>
            ${second ? html`<span class="hint cut" dir="auto">${second}</span>` : nothing}
            <span class="spoken">${this.say('details-of', { name })}</span>
          </span>
        </button>
        <infrasound-menu .label=${this.say('more')} .items=${this.#menu(conversation)}></infrasound-menu>
      </header>`;
  }

  #back(): TemplateResult | typeof nothing {
    return this.app.narrow
      ? html`<button class="icon-button" aria-label=${this.say('back')} @click=${() => this.app.back()}>${icon('back')}</button>`
      : nothing;
  }

  #menu(conversation: Conversation): MenuItem[] {
    const { app } = this;
    const direct = conversation.kind === 'direct';
    return [
      { label: this.say(direct ? 'contact' : 'group-details'), icon: direct ? 'person' : 'group', action: () => app.detail('info') },
      ...(direct ? [{ label: this.say('safety-number'), icon: 'shield' as const, action: () => app.detail('safety') }] : []),
      ...menu(app, conversation),
    ];
  }

  #asks({ request, consent }: Conversation): boolean {
    return request || consent === 'ignored' || consent === 'blocked';
  }

  #writable(conversation: Conversation | undefined): boolean {
    return conversation !== undefined && !this.#asks(conversation) && conversation.group?.ended === undefined && this.silent === undefined;
  }

  #why({ group }: Conversation): string {
    if (group?.ended === undefined && this.silent !== undefined) return this.say(this.silent);
    return this.say(group?.ended === 'removed' ? 'group-removed-you' : 'group-left-you');
  }

  #send(): void {
    const chat = this.app.chat(this.app.place.conversation ?? '');
    // What one has written one wants to see.
    if (!chat.draft.editing) this.history.toNewest();
    void deliver(this.app, chat);
  }

  #typing(id: string): string {
    const who = this.app.typing.in(id).map(shortName);
    if (who.length === 0) return '';
    return this.say('typing', { who: new Intl.ListFormat(this.app.locale).format(who), count: who.length });
  }

  #drag(event: DragEvent): void {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    this.dragging = Math.max(0, this.dragging + (event.type === 'dragenter' ? 1 : -1));
  }

  #over(event: DragEvent): void {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
  }

  #drop(event: DragEvent): void {
    this.dragging = 0;
    const files = event.dataTransfer?.files;
    if (!files || files.length === 0) return;
    event.preventDefault();
    this.composer?.add(files);
  }
}

function silence(role: Role | undefined, settings: GroupSettings | undefined): 'group-closed' | 'group-post-moderator' | 'group-post-owner' | undefined {
  if (!role || !settings) return undefined;
  if (settings.closed) return 'group-closed';
  if (settings.post === 'owner' && role !== 'owner') return 'group-post-owner';
  return settings.post === 'moderator' && role === 'member' ? 'group-post-moderator' : undefined;
}
