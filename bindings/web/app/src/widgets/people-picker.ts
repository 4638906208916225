/** Chooses several people: those from conversations, those that the instance finds, or by a handle in full. */
import type { Handle, PersonHit } from '@infrasound/client';
import { css, html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';

import { Part } from '../app/part.ts';
import { PeopleSearch } from '../app/people-search.ts';
import { asHandle, shortName } from '../app/people.ts';
import { icon } from './icon.ts';
import './avatar.ts';
import { composing } from './composing.ts';
import { personRow } from './person-row.ts';

@customElement('infrasound-people-picker')
export class PeoplePicker extends Part {
  static override styles = [Part.styles, css`
    :host {
      display: grid;
      gap: 8px;
    }

    .chosen {
      display: flex;
      flex-wrap: wrap;
      gap: 6px;
    }

    .chip {
      display: flex;
      align-items: center;
      gap: 6px;
      min-block-size: 36px;
      padding-inline: 4px 10px;
      border-radius: 18px;
      background: var(--chosen);
      --avatar-size: 28px;
    }

    .found {
      max-block-size: 300px;
      overflow: auto;
      margin-inline: -16px;
    }

    .row {
      --avatar-size: 40px;
    }
  `];

  @property({ attribute: false }) chosen: Handle[] = [];
  /** Who is there already. */
  @property({ attribute: false }) without: Handle[] = [];
  @state() private query = '';
  readonly #people = new PeopleSearch(this);

  override render() {
    const offered = this.#offered();
    return html`
      ${this.chosen.length > 0 ? html`<ul class="chosen" aria-label=${this.say('chosen')}>
        ${this.chosen.map((handle) => html`<li><button type="button" class="chip" aria-label=${this.say('remove-chosen', { name: handle })} @click=${() => this.#set(this.chosen.filter((other) => other !== handle))}>
          <infrasound-avatar .name=${handle}></infrasound-avatar><bdi>${shortName(handle)}</bdi>${icon('close', 14)}</button></li>`)}
      </ul>` : nothing}
      <input class="input" type="search" autocapitalize="off" autocomplete="off" spellcheck="false" dir="auto" aria-label=${this.say('add-people')} placeholder=${this.say('to-placeholder')}
        .value=${this.query} @input=${this.#input} @keydown=${this.#key}>
      <p class="spoken" role="status">${this.query ? this.say('found', { count: offered.length }) : nothing}</p>
      <ul class="found">
        ${offered.map((hit) => html`<li>${personRow(hit, () => this.#add(hit.handle), icon('add'))}</li>`)}
      </ul>`;
  }

  #offered(): PersonHit[] {
    const gone = new Set([...this.chosen, ...this.without, this.app.status.me?.handle]);
    const typed = asHandle(this.query);
    const query = this.query.trim().toLocaleLowerCase();
    const known = this.app.conversations.flatMap(({ person, request, consent }) =>
      (person && !request && consent !== 'blocked' && person.handle.toLocaleLowerCase().includes(query) ? [{ handle: person.handle, displayName: '' }] : []));
    const all = [...(typed ? [{ handle: typed, displayName: '' }] : []), ...this.#people.hits, ...known];
    return [...new Map(all.filter(({ handle }) => !gone.has(handle)).reverse().map((hit) => [hit.handle, hit])).values()].reverse();
  }

  #input(event: InputEvent): void {
    this.query = (event.target as HTMLInputElement).value;
    this.#people.search(this.app, this.query);
  }

  #key(event: KeyboardEvent): void {
    if (composing(event)) return;
    if (event.key === 'Enter') {
      event.preventDefault();
      const first = this.#offered()[0];
      if (first && this.query) this.#add(first.handle);
    } else if (event.key === 'Backspace' && !this.query && this.chosen.length > 0) {
      this.#set(this.chosen.slice(0, -1));
    }
  }

  #add(handle: Handle): void {
    this.query = '';
    this.#people.search(this.app, '');
    this.#set([...this.chosen, handle]);
    this.renderRoot.querySelector('input')?.focus();
  }

  #set(chosen: Handle[]): void {
    this.chosen = chosen;
    this.dispatchEvent(new CustomEvent<Handle[]>('chosen', { detail: chosen }));
  }
}
