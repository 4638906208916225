/** The quiet page that everything before the first conversation stands on. */
import { css } from 'lit';

export const frame = css`
  :host {
    display: grid;
    align-content: safe center;
    justify-items: center;
    block-size: 100%;
    padding: max(24px, env(safe-area-inset-top)) 20px max(24px, env(safe-area-inset-bottom));
    overflow: auto;
  }

  main {
    display: grid;
    gap: 20px;
    inline-size: min(100%, 420px);
  }

  .elephant {
    justify-self: center;
    color: var(--accent);
  }

  h1 {
    font-size: 1.75em;
    letter-spacing: -0.01em;
    text-align: center;
    text-wrap: balance;
  }

  .lead {
    color: var(--muted);
    text-align: center;
    text-wrap: pretty;
  }

  .card {
    display: grid;
    gap: 14px;
    padding: 20px;
    border-radius: 20px;
    background: var(--surface);
    box-shadow: var(--shadow);
  }

  .card h2 {
    font-size: 1.08em;
  }

  .big {
    font: 600 1.7em / 1.3 ui-monospace, 'SF Mono', Menlo, Consolas, monospace;
    letter-spacing: 0.08em;
    text-align: center;
    direction: ltr;
    unicode-bidi: isolate;
  }

  ul.points {
    display: grid;
    gap: 8px;
  }

  .points li {
    display: flex;
    gap: 10px;
  }

  .points .icon {
    margin-block-start: 1px;
    color: var(--accent);
  }

  .points .bad .icon {
    color: var(--danger);
  }

  progress {
    inline-size: 100%;
    accent-color: var(--accent);
  }
`;
