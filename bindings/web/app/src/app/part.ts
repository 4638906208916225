/** A component that draws from the app's state, and draws again when that changes. */
import { LitElement, type CSSResultGroup, type PropertyValues } from 'lit';
import { property } from 'lit/decorators.js';

import { base } from '../styles/base.ts';
import type { Say } from '../strings/language.ts';
import type { App } from './app.ts';

export class Part extends LitElement {
  static override styles: CSSResultGroup[] = [base];

  @property({ attribute: false }) app!: App;
  #unwatch: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#watch();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('app')) this.#watch();
  }

  protected get say(): Say {
    return this.app.say;
  }

  #watch(): void {
    this.#unwatch?.();
    this.#unwatch = this.app ? this.app.watch(() => this.requestUpdate()) : undefined;
  }
}
