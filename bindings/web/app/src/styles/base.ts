/** What every component of the app shares: boxes, focus, buttons, fields, text for screen readers only. */
import { css } from 'lit';

export const base = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }

  [hidden] {
    display: none !important;
  }

  :host([hidden]) {
    display: none;
  }

  h1,
  h2,
  h3,
  p,
  ul,
  ol,
  dl,
  dd,
  figure,
  fieldset {
    margin: 0;
    padding: 0;
    border: 0;
  }

  ul,
  ol {
    list-style: none;
  }

  h1,
  h2,
  h3 {
    font-size: 1em;
    font-weight: 600;
    line-height: 1.3;
  }

  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }

  button,
  input,
  textarea,
  select {
    font: inherit;
    color: inherit;
    letter-spacing: inherit;
  }

  button {
    padding: 0;
    border: 0;
    background: none;
    text-align: start;
    cursor: pointer;
    touch-action: manipulation;
  }

  button:disabled {
    cursor: default;
    opacity: 0.55;
  }

  .icon {
    flex: none;
    display: block;
  }

  .icon.directed:dir(rtl) {
    transform: scaleX(-1);
  }

  .spoken {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 8px;
    min-block-size: 44px;
    padding: 8px 20px;
    border-radius: 22px;
    background: var(--hover);
    font-weight: 600;
    text-align: center;
    text-decoration: none;
    color: inherit;
    transition: filter 0.12s;
  }

  .button:hover:not(:disabled) {
    filter: brightness(0.96);
  }

  .button.primary {
    background: var(--accent);
    color: var(--on-accent);
  }

  .button.danger {
    background: none;
    color: var(--danger);
    box-shadow: inset 0 0 0 1px currentColor;
  }

  .button.danger.primary {
    background: var(--danger);
    color: var(--on-danger);
    box-shadow: none;
  }

  .icon-button {
    display: inline-grid;
    place-items: center;
    flex: none;
    inline-size: 44px;
    block-size: 44px;
    border-radius: 50%;
    color: var(--muted);
    transition: background 0.12s;
  }

  .icon-button:hover:not(:disabled) {
    background: var(--hover);
    color: var(--text);
  }

  .link {
    color: var(--accent);
    font-weight: 600;
    min-block-size: 44px;
    padding-inline: 8px;
    border-radius: 8px;
  }

  .field {
    display: grid;
    gap: 6px;
  }

  .field > label,
  .field > .label {
    font-weight: 600;
  }

  .input {
    inline-size: 100%;
    min-block-size: 44px;
    padding: 9px 14px;
    border: 1px solid light-dark(#8a9295, #6b7577);
    border-radius: 12px;
    background: var(--surface);
  }

  .input:focus-visible {
    outline-offset: -1px;
  }

  textarea.input {
    resize: vertical;
  }

  ::placeholder {
    color: var(--muted);
    opacity: 1;
  }

  .hint {
    color: var(--muted);
    font-size: 0.92em;
  }

  .wrong {
    color: var(--danger);
  }

  .row {
    display: flex;
    align-items: center;
    gap: 12px;
    inline-size: 100%;
    min-block-size: 52px;
    padding: 8px 16px;
    text-align: start;
  }

  button.row,
  label.row {
    cursor: pointer;
  }

  button.row:hover:not(:disabled),
  label.row:hover {
    background: var(--hover);
  }

  button.row:focus-visible {
    outline-offset: -2px;
    border-radius: 10px;
  }

  .row .grow {
    flex: 1;
    min-inline-size: 0;
  }

  .row.danger {
    color: var(--danger);
  }

  .actions {
    display: flex;
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: 10px;
  }

  .cut {
    display: block;
    /* A name of the other direction stands where all names stand. */
    text-align: match-parent;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .notice {
    padding: 10px 14px;
    border-radius: 12px;
    background: var(--warning);
    color: var(--on-warning);
  }

  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation-duration: 0.01ms !important;
      transition-duration: 0.01ms !important;
      scroll-behavior: auto !important;
    }
  }
`;
