/** The first column: the list, or what was opened from it. */
import { css, html, type PropertyValues } from 'lit';
import { customElement } from 'lit/decorators.js';

import { Part } from '../app/part.ts';
import type { Side } from '../app/place.ts';
import '../settings/about.ts';
import '../settings/appearance.ts';
import '../settings/devices.ts';
import '../settings/link-device.ts';
import '../settings/notifications.ts';
import '../settings/privacy.ts';
import '../settings/settings.ts';
import './join.ts';
import './list.ts';
import './new-group.ts';
import './new-message.ts';

@customElement('infrasound-sidebar')
export class Sidebar extends Part {
  static override styles = [Part.styles, css`
    :host {
      display: block;
      block-size: 100%;
      min-block-size: 0;
      overflow: hidden;
    }
  `];

  #shown: Side = 'list';

  override render() {
    const { app } = this;
    switch (app.place.side) {
      case 'new': return html`<infrasound-new-message .app=${app}></infrasound-new-message>`;
      case 'new-group': return html`<infrasound-new-group .app=${app}></infrasound-new-group>`;
      case 'join': return html`<infrasound-join .app=${app}></infrasound-join>`;
      case 'settings': return html`<infrasound-settings .app=${app}></infrasound-settings>`;
      case 'appearance': return html`<infrasound-appearance .app=${app}></infrasound-appearance>`;
      case 'notifications': return html`<infrasound-notifications .app=${app}></infrasound-notifications>`;
      case 'privacy': return html`<infrasound-privacy .app=${app}></infrasound-privacy>`;
      case 'devices': return html`<infrasound-devices .app=${app}></infrasound-devices>`;
      case 'link-device': return html`<infrasound-link-device .app=${app}></infrasound-link-device>`;
      case 'about': return html`<infrasound-about .app=${app}></infrasound-about>`;
      case 'list': case 'archived': case 'requests':
        return html`<infrasound-list .app=${app}></infrasound-list>`;
    }
  }

  /** Whoever turns a page by keyboard goes on there, and not where the page before was. */
  protected override updated(_changed: PropertyValues): void {
    const { side } = this.app.place;
    if (side === this.#shown) return;
    this.#shown = side;
    const page = this.renderRoot.firstElementChild as Part | null;
    void page?.updateComplete.then(() => {
      const first = page.renderRoot.querySelector<HTMLElement>('[autofocus], .head [tabindex="-1"]');
      first?.focus({ preventScroll: true });
    });
  }
}
