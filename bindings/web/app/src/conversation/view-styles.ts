/** The frame of a conversation, and of one that is yet to begin. */
import { css } from 'lit';

export const viewStyles = css`
  :host {
    display: block;
    block-size: 100%;
    min-block-size: 0;
    min-inline-size: 0;
  }

  section {
    position: relative;
    display: flex;
    flex-direction: column;
    block-size: 100%;
  }

  header {
    flex: none;
    display: flex;
    align-items: center;
    gap: 4px;
    min-block-size: calc(64px + env(safe-area-inset-top));
    padding: env(safe-area-inset-top) 10px 0;
    border-block-end: 1px solid var(--line);
    background: var(--surface);
  }

  .who {
    flex: 1;
    display: flex;
    align-items: center;
    gap: 12px;
    min-inline-size: 0;
    min-block-size: 52px;
    padding-inline: 8px;
    border-radius: 14px;
    --avatar-size: 40px;
  }

  .names {
    display: grid;
    min-inline-size: 0;
  }

  .name {
    font-weight: 600;
    line-height: 1.3;
  }

  .names .hint {
    font-size: 0.85em;
  }
`;
