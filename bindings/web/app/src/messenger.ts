/** `<infrasound-messenger>`: the whole messenger as one element. It fills its box and touches nothing outside of it. */
import type { Client } from '@infrasound/client';
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';

import { App } from './app/app.ts';
import { told } from './app/told.ts';
import './conversation/blank.ts';
import './conversation/first-message.ts';
import './conversation/view.ts';
import './details/details.ts';
import './sidebar/sidebar.ts';
import { base } from './styles/base.ts';
import { layout } from './styles/layout.ts';
import { theme } from './styles/theme.ts';
import './welcome/ended.ts';
import './welcome/new-device.ts';
import './welcome/welcome.ts';
import { composing } from './widgets/composing.ts';
import { elephant } from './widgets/elephant.ts';
import { icon } from './widgets/icon.ts';
import './widgets/dialog.ts';
import './widgets/toasts.ts';

const ONE_COLUMN = 720;
const THREE_COLUMNS = 1100;

@customElement('infrasound-messenger')
export class InfrasoundMessenger extends LitElement {
  static override styles = [base, theme, layout];

  /** The relay's address. Default: where this script is from. */
  @property() relay: string | undefined;
  /** Name of the local store, for pages with several accounts. */
  @property() store = 'infrasound';
  /** `light` or `dark`, whatever the person's system says. */
  @property() theme: string | undefined;
  /** A client that the page has connected already, or is about to; it stays the page's. */
  @property({ attribute: false }) client: Client | Promise<Client> | undefined;

  @state() private width = 0;
  #app: App | undefined;
  readonly #size = new ResizeObserver(([entry]) => (this.width = entry?.contentRect.width ?? 0));

  /** The state behind the element: for the page that frames it. */
  get app(): App {
    if (!this.#app) {
      this.#app = new App(this.store);
      this.#app.watch(() => this.requestUpdate());
    }
    return this.#app;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#size.observe(this);
    this.addEventListener('keydown', this.#escape);
    void this.app.start(this.relay, this.client);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#size.disconnect();
    this.removeEventListener('keydown', this.#escape);
    void this.#app?.stop(this.client !== undefined);
    this.#app = undefined;
  }

  protected override willUpdate(changed: PropertyValues): void {
    const { app } = this;
    if (changed.has('width')) app.narrow = this.width > 0 && this.width < ONE_COLUMN;
    const chosen = app.preferences.theme === 'system' ? this.theme : app.preferences.theme;
    this.style.colorScheme = chosen === 'light' || chosen === 'dark' ? chosen : 'light dark';
    this.dir = app.direction;
    this.lang = app.language;
  }

  override render() {
    const { app } = this;
    return html`
      ${this.#screen()}
      <infrasound-toasts .app=${app}></infrasound-toasts>
      ${app.question ? this.#question(app.question) : nothing}`;
  }

  #screen(): TemplateResult {
    const { app } = this;
    if (app.failure) return html`<infrasound-ended .app=${app}></infrasound-ended>`;
    if (app.ready) return this.#columns();
    switch (app.status.phase) {
      case 'starting': case 'registering': case 'ready':
        return html`<div class="starting" role="status">${elephant(150)}<span class="spoken">${app.say('loading')}</span></div>`;
      case 'signed-out': case 'linking':
        return html`<infrasound-welcome .app=${app}></infrasound-welcome>`;
      case 'ended': case 'failed':
        return html`<infrasound-ended .app=${app}></infrasound-ended>`;
    }
  }

  #columns(): TemplateResult {
    const { app } = this;
    const { conversation, details, to } = app.place;
    const chosen = conversation !== undefined || to !== undefined;
    const third = details !== undefined && app.summary(conversation) !== undefined;
    const three = this.width >= THREE_COLUMNS;
    const hideMiddle = app.narrow ? !chosen || third : third && !three;
    const general = app.warnings.filter((warning) => warning.conversation === undefined);
    return html`
      ${this.#connection()}
      ${app.status.error?.code === 'storage-full' ? html`<div class="bar alert" role="alert">${icon('warning', 18)}<span>${app.say('error-storage-full')}</span></div>` : nothing}
      ${general.map((warning) => html`<div class="bar alert" role="alert">${icon('warning', 18)}${told(warning.told)}
        <button class="icon-button" aria-label=${app.say('dismiss')} @click=${() => app.dismissWarning(warning)}>${icon('close', 18)}</button></div>`)}
      <main class="columns ${app.narrow ? 'narrow' : ''} ${third && !hideMiddle ? 'three' : ''}">
        <h1 class="spoken">Infrasound</h1>
        <nav aria-label=${app.say('conversations')} ?hidden=${app.narrow && chosen}><infrasound-sidebar .app=${app}></infrasound-sidebar></nav>
        <div class="middle" ?hidden=${hideMiddle}>${this.#middle()}</div>
        ${third ? html`<section aria-label=${app.say('details')}><infrasound-details .app=${app}></infrasound-details></section>` : nothing}
      </main>`;
  }

  #middle(): TemplateResult {
    const { app } = this;
    const { conversation, to } = app.place;
    if (conversation !== undefined) return html`<infrasound-conversation .app=${app}></infrasound-conversation>`;
    if (to !== undefined) return html`<infrasound-first-message .app=${app} .to=${to}></infrasound-first-message>`;
    return html`<infrasound-blank .app=${app}></infrasound-blank>`;
  }

  #connection(): TemplateResult {
    const { app } = this;
    const { phase, online } = app.status;
    const text = phase === 'starting' ? app.say('connecting') : online ? undefined : app.say('offline');
    return html`<div role="status">${text === undefined ? nothing : html`<div class="bar">${icon('clock', 18)}<span>${text}</span></div>`}</div>`;
  }

  #question({ title, text, action, danger, answer }: NonNullable<App['question']>): TemplateResult {
    return html`
      <infrasound-dialog .heading=${title} @dismiss=${() => answer(false)}>
        <p>${text}</p>
        <div class="actions">
          <button class="button" @click=${() => answer(false)}>${this.app.say('cancel')}</button>
          <button class="button primary ${danger ? 'danger' : ''}" @click=${() => answer(true)}>${action}</button>
        </div>
      </infrasound-dialog>`;
  }

  readonly #escape = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || composing(event) || event.defaultPrevented || !this.app.ready) return;
    const { place } = this.app;
    if (place.side === 'list' && place.details === undefined && !this.app.narrow) return;
    event.preventDefault();
    this.app.back();
  };
}

declare global {
  interface HTMLElementTagNameMap {
    'infrasound-messenger': InfrasoundMessenger;
  }
}
