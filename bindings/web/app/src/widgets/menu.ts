/** A button with a menu, by mouse, finger, keyboard and screen reader. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';

import { base } from '../styles/base.ts';
import { icon, type IconName } from './icon.ts';
import { place } from './popover.ts';

export interface MenuItem { label: string; icon: IconName; danger?: boolean; action: () => void }

@customElement('infrasound-menu')
export class Menu extends LitElement {
  static override styles = [base, css`
    :host {
      display: contents;
    }

    .menu {
      position: fixed;
      inset: auto;
      min-inline-size: 210px;
      max-inline-size: min(320px, calc(100vw - 16px));
      max-block-size: calc(100dvh - 16px);
      margin: 0;
      padding: 6px;
      border: 1px solid var(--line);
      border-radius: 14px;
      background: var(--raised);
      color: var(--text);
      box-shadow: var(--shadow-raised);
      overflow: auto;
    }

    .item {
      display: flex;
      align-items: center;
      gap: 12px;
      inline-size: 100%;
      min-block-size: 44px;
      padding: 6px 12px;
      border-radius: 9px;
    }

    .item:hover,
    .item:focus {
      background: var(--hover);
      outline-offset: -2px;
    }

    .item .icon {
      color: var(--muted);
    }

    .item.danger,
    .item.danger .icon {
      color: var(--danger);
    }

    .small {
      inline-size: 32px;
      block-size: 32px;
    }
  `];

  @property() label = '';
  @property() icon: IconName = 'more';
  @property({ type: Boolean }) small = false;
  /** Without a button of its own: opened from elsewhere. */
  @property({ type: Boolean }) bare = false;
  @property({ attribute: false }) items: MenuItem[] = [];

  /** Nothing is in it until then: a list has a menu in each of its rows. */
  @state() private isOpen = false;

  @query('button') private button!: HTMLButtonElement;
  @query('.menu') private menu!: HTMLElement;

  override render() {
    return html`
      <button class="icon-button ${this.small ? 'small' : ''}" ?hidden=${this.bare} aria-haspopup="menu" aria-expanded=${this.isOpen} aria-label=${this.label} title=${this.label} @click=${this.open}>${icon(this.icon)}</button>
      <div class="menu" role="menu" aria-label=${this.label} popover="auto" @keydown=${this.#key} @toggle=${this.#toggled}>
        ${this.isOpen ? this.items.map((item) => html`
          <button class="item ${item.danger ? 'danger' : ''}" role="menuitem" tabindex="-1" @click=${() => this.#choose(item)}>
            ${icon(item.icon, 20)}<span>${item.label}</span>
          </button>`) : nothing}
      </div>`;
  }

  /** Opens it beside its button, or where the pointer is. */
  open = (event?: MouseEvent): void => {
    const pointer = event?.type === 'contextmenu';
    this.openAt(pointer ? new DOMRect(event.clientX, event.clientY) : this.button.getBoundingClientRect());
  };

  openAt(anchor: DOMRect): void {
    this.isOpen = true;
    this.performUpdate();
    this.menu.showPopover();
    place(this.menu, anchor);
    this.#buttons()[0]?.focus();
  }

  #buttons(): HTMLButtonElement[] {
    return [...this.menu.querySelectorAll<HTMLButtonElement>('.item')];
  }

  #choose(item: MenuItem): void {
    this.menu.hidePopover();
    item.action();
  }

  #toggled(event: ToggleEvent): void {
    this.isOpen = event.newState === 'open';
    this.toggleAttribute('open', this.isOpen);
  }

  #key(event: KeyboardEvent): void {
    const buttons = this.#buttons();
    const at = buttons.indexOf(this.renderRoot instanceof ShadowRoot ? this.renderRoot.activeElement as HTMLButtonElement : buttons[0]!);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      buttons[(to + buttons.length) % buttons.length]?.focus();
    } else if (event.key === 'Tab') {
      this.menu.hidePopover();
    } else if (event.key === 'Escape') {
      // Else one key press would close the menu and leave the conversation.
      event.stopPropagation();
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'infrasound-menu': Menu;
  }
}
