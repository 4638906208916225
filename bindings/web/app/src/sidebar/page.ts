/** A page of the first column: a title with a way back, and what scrolls below. */
import { css, html, nothing, type TemplateResult } from 'lit';

import type { App } from '../app/app.ts';
import { icon } from '../widgets/icon.ts';

export const page = css`
  :host {
    display: flex;
    flex-direction: column;
    block-size: 100%;
    min-block-size: 0;
  }

  .head {
    flex: none;
    display: flex;
    align-items: center;
    gap: 4px;
    min-block-size: calc(64px + env(safe-area-inset-top));
    padding: env(safe-area-inset-top) 10px 0;
  }

  .head h2 {
    flex: 1;
    min-inline-size: 0;
    padding-inline: 6px;
    font-size: 1.27em;
    letter-spacing: -0.01em;
  }

  /* Focused by the app, so that reading goes on here; there is nothing to press. */
  .head [tabindex='-1']:focus-visible {
    outline: none;
  }

  .scroll {
    flex: 1;
    min-block-size: 0;
    padding-block-end: max(16px, env(safe-area-inset-bottom));
    overflow: hidden auto;
    overscroll-behavior: contain;
  }

  .group {
    margin: 8px 12px 16px;
    border-radius: 16px;
    background: var(--surface);
    box-shadow: var(--shadow);
    overflow: hidden;
  }

  .group > * + *:not(dialog) {
    border-block-start: 1px solid var(--line);
  }

  .group-title {
    margin: 16px 24px 4px;
    color: var(--muted);
    font-size: 0.92em;
    font-weight: 600;
  }

  .padded {
    display: grid;
    gap: 16px;
    padding: 12px 16px;
  }

  .group-hint {
    margin: -8px 24px 16px;
    color: var(--muted);
    font-size: 0.92em;
  }

  .row > .round {
    display: grid;
    place-items: center;
    inline-size: 48px;
    block-size: 48px;
    border-radius: 50%;
    background: var(--chosen);
    color: var(--accent);
  }

  .row > .icon {
    color: var(--muted);
  }

  .row.danger > .icon {
    color: inherit;
  }
`;

export function head(app: App, title: string, actions: TemplateResult | typeof nothing = nothing): TemplateResult {
  return html`
    <header class="head">
      <button class="icon-button" aria-label=${app.say('back')} title=${app.say('back')} @click=${() => app.back()}>${icon('back')}</button>
      <h2 class="cut" tabindex="-1">${title}</h2>
      ${actions}
    </header>`;
}
