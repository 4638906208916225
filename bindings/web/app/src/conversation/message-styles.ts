/** How messages look. */
import { css } from 'lit';

export const messageStyles = css`
  .day,
  .system,
  .unread-line {
    display: flex;
    justify-content: center;
    padding: 10px 16px;
    color: var(--muted);
    font-size: 0.87em;
    text-align: center;
    text-wrap: balance;
  }

  .day span {
    padding: 3px 12px;
    border-radius: 12px;
    background: var(--surface);
    box-shadow: var(--shadow);
    font-weight: 600;
  }

  .day span::first-letter {
    text-transform: uppercase;
  }

  .system {
    display: block;
    padding-block: 5px;
  }

  .unread-line {
    align-items: center;
    gap: 12px;
    color: var(--accent);
    font-weight: 600;
  }

  .unread-line::before,
  .unread-line::after {
    content: '';
    flex: 1;
    block-size: 1px;
    background: currentColor;
    opacity: 0.35;
  }

  .message {
    position: relative;
    display: flex;
    align-items: flex-end;
    gap: 8px;
    padding: 1px 16px;
    --avatar-size: 32px;
  }

  .message.first {
    padding-block-start: 8px;
  }

  .message.own {
    flex-direction: row-reverse;
  }

  .message:focus-visible {
    outline-offset: -2px;
    border-radius: 12px;
  }

  .message.flashed .bubble {
    animation: flash 1.6s ease-out;
  }

  @keyframes flash {
    0%,
    45% {
      box-shadow: 0 0 0 4px var(--accent);
    }
  }

  .gutter {
    flex: none;
    inline-size: 32px;
  }

  .column {
    display: grid;
    justify-items: start;
    min-inline-size: 0;
    max-inline-size: min(78%, 620px);
  }

  .own .column {
    justify-items: end;
  }

  .bubble {
    min-inline-size: 0;
    max-inline-size: 100%;
    padding: 7px 12px 6px;
    border-radius: var(--radius);
    background: var(--other);
    color: var(--on-other);
    box-shadow: var(--shadow);
    overflow-wrap: anywhere;
  }

  .own .bubble {
    background: var(--own);
    color: var(--on-own);
  }

  .message:not(.last) .bubble {
    border-end-start-radius: 6px;
  }

  .message:not(.first) .bubble {
    border-start-start-radius: 6px;
  }

  .own.message:not(.last) .bubble {
    border-end-start-radius: var(--radius);
    border-end-end-radius: 6px;
  }

  .own.message:not(.first) .bubble {
    border-start-start-radius: var(--radius);
    border-start-end-radius: 6px;
  }

  .sender {
    display: block;
    margin-block-end: 1px;
    color: light-dark(oklch(0.45 0.09 var(--hue)), oklch(0.82 0.08 var(--hue)));
    font-size: 0.9em;
    font-weight: 600;
  }

  .body p + p,
  .body :is(ul, ol, pre, blockquote) {
    margin-block-start: 6px;
  }

  .body {
    display: inline;
  }

  .body > p {
    margin-block: 0;
  }

  .body > p:last-child {
    display: inline;
  }

  .body.large {
    font-size: 2.5em;
    line-height: 1.2;
  }

  .body ul,
  .body ol {
    padding-inline-start: 20px;
    list-style: disc;
  }

  .body ol {
    list-style: decimal;
  }

  .body blockquote {
    margin-inline: 0;
    padding-inline-start: 10px;
    border-inline-start: 3px solid var(--accent);
  }

  .body pre,
  .body code {
    font: 0.92em / 1.4 ui-monospace, 'SF Mono', Menlo, Consolas, monospace;
    white-space: pre-wrap;
  }

  .body a {
    color: light-dark(#0f5a62, #8fd6d9);
    text-underline-offset: 2px;
  }

  .faint {
    font-style: italic;
    opacity: 0.85;
  }

  .meta {
    float: inline-end;
    display: inline-flex;
    align-items: center;
    gap: 4px;
    margin-block: 5px -3px;
    margin-inline-start: 12px;
    color: color-mix(in srgb, currentColor 74%, transparent);
    font-size: 0.76em;
    line-height: 1.4;
    user-select: none;
  }

  .meta .read {
    color: var(--accent);
  }

  .meta .read .icon {
    stroke-width: 2.6;
  }

  /* What is done at once is not worth a word. */
  .meta .changing {
    animation: late 0.5s step-end;
  }

  @keyframes late {
    from {
      opacity: 0;
    }
  }

  .meta .failed {
    color: var(--danger);
  }

  .failed-line {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: flex-end;
    gap: 2px 8px;
    color: var(--danger);
    font-size: 0.9em;
  }

  .failed-line .link {
    color: inherit;
    text-decoration: underline;
  }

  .quote {
    display: block;
    inline-size: 100%;
    max-inline-size: 100%;
    margin-block: 2px 6px;
    padding: 5px 10px;
    border-inline-start: 3px solid var(--accent);
    border-radius: 8px;
    background: color-mix(in srgb, currentColor 6%, transparent);
    font-size: 0.92em;
  }

  .quote strong {
    display: block;
    font-weight: 600;
  }

  .quote .cut {
    display: block;
  }

  .reactions {
    display: flex;
    flex-wrap: wrap;
    gap: 4px;
    margin-block-start: -5px;
    padding-inline: 8px;
    position: relative;
  }

  .reaction {
    display: inline-flex;
    align-items: center;
    gap: 4px;
    min-block-size: 28px;
    padding-inline: 8px;
    border: 1px solid var(--line);
    border-radius: 14px;
    background: var(--surface);
    color: var(--text);
    font-size: 0.87em;
  }

  .reaction[aria-pressed='true'] {
    border-color: var(--accent);
    background: var(--chosen);
  }

  .tools {
    display: flex;
    align-self: center;
    opacity: 0;
  }

  .message:hover .tools,
  .message:focus-within .tools {
    opacity: 1;
  }

  .tools button {
    display: grid;
    place-items: center;
    inline-size: 32px;
    block-size: 32px;
    border-radius: 50%;
    color: var(--muted);
  }

  .tools button:hover {
    background: var(--hover);
    color: var(--text);
  }

  @media (hover: none) {
    .tools {
      display: none;
    }
  }
`;
