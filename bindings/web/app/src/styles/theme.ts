/** The look, as custom properties. Each can be set from outside by `--infrasound-…`; see README.md. */
import { css } from 'lit';

export const theme = css`
  :host {
    --accent: var(--infrasound-accent, light-dark(#1f6b73, #6cc5c9));
    --on-accent: var(--infrasound-on-accent, light-dark(#ffffff, #06282b));
    --background: var(--infrasound-background, light-dark(#f6f4ef, #161a1b));
    --surface: var(--infrasound-surface, light-dark(#ffffff, #1e2324));
    --raised: var(--infrasound-raised, light-dark(#ffffff, #272d2e));
    --text: var(--infrasound-text, light-dark(#1d2426, #e8ebea));
    --muted: var(--infrasound-muted, light-dark(#596468, #a2adaf));
    --line: var(--infrasound-line, light-dark(#e4dfd6, #2f3637));
    --hover: var(--infrasound-hover, light-dark(#efece5, #262c2d));
    --chosen: var(--infrasound-chosen, light-dark(#dfecec, #23393b));
    --own: var(--infrasound-own, light-dark(#d3e8e6, #1f4549));
    --on-own: var(--infrasound-on-own, light-dark(#12282a, #eaf5f4));
    --other: var(--infrasound-other, light-dark(#ffffff, #272d2e));
    --on-other: var(--infrasound-on-other, var(--text));
    --danger: var(--infrasound-danger, light-dark(#b3261e, #ff9a8f));
    --on-danger: light-dark(#ffffff, #3c0906);
    --warning: var(--infrasound-warning, light-dark(#fdf0d2, #3b3016));
    --on-warning: var(--infrasound-on-warning, light-dark(#51390a, #f4dfae));
    --radius: var(--infrasound-radius, 18px);
    --font: var(--infrasound-font, system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif);
    --size: var(--infrasound-font-size, 15px);
    --shadow: 0 1px 2px light-dark(rgb(40 34 20 / 9%), rgb(0 0 0 / 30%));
    --shadow-raised: 0 8px 32px light-dark(rgb(40 34 20 / 18%), rgb(0 0 0 / 55%));

    color: var(--text);
    background: var(--background);
    font: var(--size) / 1.45 var(--font);
    -webkit-text-size-adjust: 100%;
    -webkit-tap-highlight-color: transparent;
  }
`;
