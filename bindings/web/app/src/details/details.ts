/** The column at the end: what is known of the open conversation. */
import { css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';

import { Part } from '../app/part.ts';
import './add-members.ts';
import './asking.ts';
import './contact.ts';
import './edit-group.ts';
import './group.ts';
import './links.ts';
import './rules.ts';
import './safety.ts';

@customElement('infrasound-details')
export class DetailsColumn extends Part {
  static override styles = [Part.styles, css`
    :host {
      display: block;
      block-size: 100%;
      min-block-size: 0;
      overflow: hidden;
      background: var(--background);
    }
  `];

  #shown: string | undefined;

  override render() {
    const { app } = this;
    const conversation = app.summary(app.place.conversation);
    if (!conversation) return nothing;
    switch (app.place.details) {
      case 'safety': return html`<infrasound-safety .app=${app} .conversation=${conversation}></infrasound-safety>`;
      case 'add': return html`<infrasound-add-members .app=${app} .conversation=${conversation}></infrasound-add-members>`;
      case 'edit': return html`<infrasound-edit-group .app=${app} .conversation=${conversation}></infrasound-edit-group>`;
      case 'rules': return html`<infrasound-rules .app=${app} .conversation=${conversation}></infrasound-rules>`;
      case 'links': return html`<infrasound-links .app=${app} .conversation=${conversation}></infrasound-links>`;
      case 'asking': return html`<infrasound-asking .app=${app} .conversation=${conversation}></infrasound-asking>`;
      default:
        return conversation.kind === 'direct'
          ? html`<infrasound-contact .app=${app} .conversation=${conversation}></infrasound-contact>`
          : html`<infrasound-group .app=${app} .conversation=${conversation}></infrasound-group>`;
    }
  }

  protected override updated(): void {
    const { details } = this.app.place;
    if (details === this.#shown) return;
    this.#shown = details;
    const page = this.renderRoot.firstElementChild as Part | null;
    void page?.updateComplete.then(() => page.renderRoot.querySelector<HTMLElement>('.head [tabindex="-1"]')?.focus({ preventScroll: true }));
  }
}
