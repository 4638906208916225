/** To whom? By handle, with completion from the instance; and the ways to a group. */
import type { Handle, PersonHit } from '@infrasound/client';
import { css, html, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';

import type { App } from '../app/app.ts';
import { Part } from '../app/part.ts';
import { PeopleSearch } from '../app/people-search.ts';
import { asHandle, shortName } from '../app/people.ts';
import { icon } from '../widgets/icon.ts';
import { personRow } from '../widgets/person-row.ts';
import { head, page } from './page.ts';

/** Opens the conversation with somebody; if there is none yet, the place where its first message is written. */
export async function startWith(app: App, handle: Handle): Promise<void> {
  await app.attempt(async () => {
    const known = await app.connected.conversationWith(handle);
    if (known === undefined) app.compose(handle);
    else app.go({ side: 'list', conversation: known });
  });
}

@customElement('infrasound-new-message')
export class NewMessage extends Part {
  static override styles = [Part.styles, page, css`
    .to {
      flex: none;
      margin: 0 16px 8px;
    }

    .pad {
      padding: 8px 24px;
    }
  `];

  @state() private query = '';
  readonly #people = new PeopleSearch(this);

  override render() {
    const typed = asHandle(this.query);
    const hits = this.#people.hits.filter(({ handle }) => !this.app.isMe(handle));
    const exact = typed !== undefined && !hits.some(({ handle }) => handle === typed);
    const known: PersonHit[] = this.app.conversations.flatMap(({ person, request }) => (person && !request ? [{ handle: person.handle, displayName: '' }] : []));
    return html`
      ${head(this.app, this.say('new-message-title'))}
      <form class="to" @submit=${this.#submit}>
        <input class="input" autofocus type="search" inputmode="email" autocapitalize="off" autocomplete="off" spellcheck="false" dir="auto"
          aria-label=${this.say('to')} placeholder=${this.say('to-placeholder')} .value=${this.query} @input=${this.#input}>
      </form>
      <div class="scroll">
        ${this.query ? nothing : html`
          <button class="row" @click=${() => this.app.turn('new-group')}><span class="round">${icon('group')}</span><strong class="grow">${this.say('new-group')}</strong></button>
          <button class="row" @click=${() => this.app.turn('join')}><span class="round">${icon('link')}</span><strong class="grow">${this.say('join-title')}</strong></button>
          ${known.length > 0 ? html`<h3 class="group-title">${this.say('people')}</h3>` : nothing}
          <ul>${known.map((hit) => html`<li>${personRow(hit, () => startWith(this.app, hit.handle))}</li>`)}</ul>`}
        ${exact ? personRow({ handle: typed, displayName: shortName(typed) }, () => startWith(this.app, typed)) : nothing}
        <p class="spoken" role="status">${this.query ? this.say('found', { count: hits.length }) : nothing}</p>
        <ul>${hits.map((hit) => html`<li>${personRow(hit, () => startWith(this.app, hit.handle))}</li>`)}</ul>
        ${this.query && !exact && hits.length === 0 ? html`<p class="hint pad">${this.say('to-hint')}</p>` : nothing}
      </div>`;
  }

  #input(event: InputEvent): void {
    this.query = (event.target as HTMLInputElement).value;
    this.#people.search(this.app, this.query);
  }

  #submit(event: Event): void {
    event.preventDefault();
    const handle = asHandle(this.query) ?? this.#people.hits[0]?.handle;
    if (handle) void startWith(this.app, handle);
  }
}
