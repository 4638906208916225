/** The columns, and the bars above them. */
import { css } from 'lit';

export const layout = css`
  :host {
    position: relative;
    display: flex;
    flex-direction: column;
    min-block-size: 320px;
    overflow: hidden;
    contain: layout paint;
    isolation: isolate;
  }

  .columns {
    flex: 1;
    display: grid;
    grid-template-columns: minmax(280px, 360px) minmax(0, 1fr);
    grid-template-rows: minmax(0, 1fr);
    min-block-size: 0;
    padding-inline: env(safe-area-inset-left) env(safe-area-inset-right);
  }

  .columns.three {
    grid-template-columns: minmax(280px, 360px) minmax(0, 1fr) 340px;
  }

  .columns.narrow {
    grid-template-columns: minmax(0, 1fr);
  }

  nav,
  .middle,
  section {
    min-inline-size: 0;
    min-block-size: 0;
  }

  .middle {
    background: light-dark(color-mix(in srgb, var(--background) 92%, #cfc6b4), var(--background));
  }

  nav:not([hidden]) ~ .middle,
  nav:not([hidden]) ~ section,
  .middle:not([hidden]) ~ section {
    border-inline-start: 1px solid var(--line);
  }

  .starting {
    display: grid;
    place-content: center;
    block-size: 100%;
    color: var(--accent);
    animation: appear 0.4s 0.25s both;
  }

  @keyframes appear {
    from {
      opacity: 0;
    }
  }

  .bar {
    flex: none;
    display: flex;
    align-items: center;
    justify-content: center;
    gap: 10px;
    min-block-size: 36px;
    padding: max(6px, env(safe-area-inset-top)) 16px 6px;
    background: var(--hover);
    font-size: 0.92em;
  }

  .bar.alert {
    background: var(--warning);
    color: var(--on-warning);
  }

  .bar .icon-button {
    inline-size: 36px;
    block-size: 36px;
    color: inherit;
  }
`;
