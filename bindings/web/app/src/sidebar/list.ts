/** The list of conversations, of requests, or of what was archived; with search. */
import type { Conversation, PersonHit } from '@infrasound/client';
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';

import { Part } from '../app/part.ts';
import { PeopleSearch } from '../app/people-search.ts';
import { elephant } from '../widgets/elephant.ts';
import { icon } from '../widgets/icon.ts';
import '../widgets/avatar.ts';
import { personRow } from '../widgets/person-row.ts';
import { startWith } from './new-message.ts';
import { page, head } from './page.ts';
import { conversationRow, rowStyles } from './row.ts';

@customElement('infrasound-list')
export class List extends Part {
  static override styles = [Part.styles, page, rowStyles, css`
    .me {
      display: grid;
      place-items: center;
      inline-size: 44px;
      block-size: 44px;
      border-radius: 50%;
      --avatar-size: 34px;
    }

    .search {
      position: relative;
      flex: none;
      margin: 0 16px 8px;
    }

    .search .icon {
      position: absolute;
      inset-block-start: 11px;
      inset-inline-start: 14px;
      color: var(--muted);
      pointer-events: none;
    }

    .search .input {
      padding-inline-start: 44px;
      border-color: transparent;
      border-radius: 22px;
      background: var(--hover);
    }

    .empty {
      display: grid;
      gap: 14px;
      justify-items: center;
      padding: 48px 28px;
      text-align: center;
      color: var(--muted);
      text-wrap: pretty;
    }

    .empty h3 {
      color: var(--text);
      font-size: 1.2em;
    }

    .elephant {
      color: var(--accent);
    }

    .count {
      color: var(--muted);
      font-variant-numeric: tabular-nums;
    }

    .hint.pad {
      padding: 4px 24px 12px;
    }

    .bones {
      display: grid;
      gap: 22px;
      padding: 14px 22px;
    }

    .bones i {
      block-size: 46px;
      border-radius: 14px;
      background: var(--hover);
    }
  `];

  @state() private query = '';
  readonly #people = new PeopleSearch(this);

  override render() {
    const { side } = this.app.place;
    if (side === 'requests' || side === 'archived') {
      return html`
        ${head(this.app, this.say(side === 'requests' ? 'requests' : 'archived'))}
        <div class="scroll">
          ${side === 'requests' ? html`<p class="hint pad">${this.say('requests-hint')}</p>` : nothing}
          ${this.#rows(this.#in(side))}
        </div>`;
    }
    return html`
      <header class="head">
        <button class="me" aria-label=${this.say('settings')} title=${this.say('settings')} @click=${() => this.app.turn('settings')}>
          <infrasound-avatar .name=${this.app.status.me?.handle ?? ''}></infrasound-avatar>
        </button>
        <h2 class="cut" tabindex="-1">${this.say('messages')}</h2>
        <button class="icon-button" aria-label=${this.say('new-message-title')} title=${this.say('new-message-title')} @click=${() => this.app.turn('new')}>${icon('pencil')}</button>
      </header>
      <div class="search" role="search">
        ${icon('search')}
        <input class="input" type="search" aria-label=${this.say('search')} placeholder=${this.say('search')} dir="auto" autocomplete="off"
          .value=${this.query} @input=${this.#search} @keydown=${this.#searchKey}>
      </div>
      <div class="scroll" @keydown=${this.#key}>
        ${this.query.trim() ? this.#found() : this.#all()}
      </div>`;
  }

  #in(side: 'list' | 'requests' | 'archived'): Conversation[] {
    return this.app.conversations.filter((conversation) => {
      const dropped = conversation.consent === 'ignored' || conversation.consent === 'blocked';
      if (conversation.request) return side === 'requests';
      if (conversation.archived || dropped) return side === 'archived';
      return side === 'list';
    });
  }

  #all(): TemplateResult {
    const shown = this.#in('list');
    const requests = this.#in('requests');
    const archived = this.#in('archived');
    if (!this.app.listed) return html`<div class="bones" aria-hidden="true"><i></i><i></i><i></i><i></i></div>`;
    return html`
      ${requests.length > 0
        ? html`<button class="row" @click=${() => this.app.turn('requests')}>
            <span class="round">${icon('person')}</span>
            <span class="grow"><strong>${this.say('requests')}</strong><br><span class="hint">${this.say('requests-count', { count: requests.length })}</span></span>
            ${icon('chevron', 18)}
          </button>`
        : nothing}
      ${shown.length > 0 ? this.#rows(shown) : this.#empty()}
      ${archived.length > 0
        ? html`<button class="row" @click=${() => this.app.turn('archived')}>
            <span class="round">${icon('archive')}</span><span class="grow">${this.say('archived')}</span>
            <span class="count">${archived.length}</span>${icon('chevron', 18)}
          </button>`
        : nothing}`;
  }

  #empty(): TemplateResult {
    return html`
      <div class="empty">
        ${elephant(180)}
        <h3>${this.say('empty-title')}</h3>
        <p>${this.say('empty-text')}</p>
        <button class="button primary" @click=${() => this.app.turn('new')}>${icon('pencil', 20)}${this.say('new-message-title')}</button>
      </div>`;
  }

  #rows(conversations: Conversation[]): TemplateResult {
    return html`<ul class="rows" aria-label=${this.say('messages')}>
      ${repeat(conversations, ({ id }) => id, (conversation) => conversationRow(this.app, conversation))}
    </ul>`;
  }

  #found(): TemplateResult {
    const query = this.query.trim().toLocaleLowerCase();
    const found = this.app.conversations.filter((conversation) =>
      [this.app.title(conversation), conversation.person?.handle ?? '', conversation.preview, conversation.group?.description ?? '']
        .some((text) => text.toLocaleLowerCase().includes(query)));
    const known = new Set(this.app.conversations.map(({ person }) => person?.handle));
    const people = this.#people.hits.filter(({ handle }) => !known.has(handle) && !this.app.isMe(handle));
    return html`
      <p class="spoken" role="status">${this.say('found', { count: found.length + people.length })}</p>
      ${found.length > 0 ? this.#rows(found) : nothing}
      ${people.length > 0
        ? html`<h3 class="group-title">${this.say('people')}</h3>
            <ul class="rows">${people.map((hit) => html`<li>${personRow(hit, () => this.#write(hit))}</li>`)}</ul>`
        : nothing}
      ${found.length + people.length === 0 ? html`<p class="empty">${this.say('found-nothing', { query: this.query.trim() })}</p>` : nothing}`;
  }

  #write(hit: PersonHit): void {
    this.query = '';
    void startWith(this.app, hit.handle);
  }

  #search(event: InputEvent): void {
    this.query = (event.target as HTMLInputElement).value;
    this.#people.search(this.app, this.query);
  }

  #searchKey(event: KeyboardEvent): void {
    if (event.key === 'Escape' && this.query) {
      event.stopPropagation();
      this.query = '';
    } else if (event.key === 'ArrowDown') {
      event.preventDefault();
      this.renderRoot.querySelector<HTMLElement>('.scroll button')?.focus();
    }
  }

  /** Up and down walk through the list. */
  #key(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const root = this.renderRoot as ShadowRoot;
    if (step === undefined || root.activeElement?.matches('button.row') !== true) return;
    event.preventDefault();
    const rows = [...root.querySelectorAll<HTMLElement>('.scroll button.row')];
    const to = rows.indexOf(root.activeElement as HTMLElement) + step;
    if (to < 0) root.querySelector<HTMLElement>('.search input')?.focus();
    else rows[to]?.focus();
  }
}
