/** The icons: strokes on a grid of 24, drawn for this app. They say nothing by themselves; what holds them has a label. */
import { html, svg, type SVGTemplateResult, type TemplateResult } from 'lit';

const PATHS = {
  add: svg`<path d="M12 5v14M5 12h14"/>`,
  archive: svg`<path d="M4 5h16v4H4zM6 9v10h12V9M10 13h4"/>`,
  arrowDown: svg`<path d="M12 5v14M6 13l6 6 6-6"/>`,
  attach: svg`<path d="m20 11-8.2 8.2a5 5 0 0 1-7-7L13.5 3.5a3.3 3.3 0 0 1 4.7 4.7l-8.4 8.4a1.7 1.7 0 0 1-2.4-2.4L15 6.6"/>`,
  back: svg`<path d="M19 12H5M11 6l-6 6 6 6"/>`,
  bell: svg`<path d="M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15zM10 21h4"/>`,
  block: svg`<circle cx="12" cy="12" r="8.5"/><path d="m6 6 12 12"/>`,
  camera: svg`<path d="M4 8h3l2-3h6l2 3h3v11H4z"/><circle cx="12" cy="13" r="3.5"/>`,
  check: svg`<path d="m5 13 4.5 4.5L19 7"/>`,
  checks: svg`<path d="m2 13 4 4L14 8M11 16l1 1 9-9.5"/>`,
  chevron: svg`<path d="m9 6 6 6-6 6"/>`,
  clock: svg`<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3 2"/>`,
  close: svg`<path d="m6 6 12 12M18 6 6 18"/>`,
  copy: svg`<path d="M9 9h11v11H9zM15 9V4H4v11h5"/>`,
  device: svg`<path d="M3 5h13v10H3zM1.5 18H12M17 9h5v11h-5z"/>`,
  download: svg`<path d="M12 4v11M7 11l5 5 5-5M5 20h14"/>`,
  edit: svg`<path d="m4 20 1-4.5L16 4.5l3.5 3.5L8.5 19zM14 6.5 17.5 10"/>`,
  eye: svg`<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z"/><circle cx="12" cy="12" r="2.7"/>`,
  failed: svg`<circle cx="12" cy="12" r="9"/><path d="M12 7v6M12 16.5v.5"/>`,
  file: svg`<path d="M6 3h8l4 4v14H6zM14 3v4h4"/>`,
  group: svg`<circle cx="9" cy="8.5" r="3.5"/><path d="M2.5 19.5c.5-4 3-6 6.5-6s6 2 6.5 6M16 5.5a3.2 3.2 0 0 1 0 6M18 14c2 .8 3.2 2.7 3.5 5.5"/>`,
  info: svg`<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5.5M12 7.5V8"/>`,
  leave: svg`<path d="M14 4H5v16h9M10 12h11M17 8l4 4-4 4"/>`,
  link: svg`<path d="M10 14a4 4 0 0 0 5.7 0l3.3-3.3A4 4 0 0 0 13.3 5L12 6.3M14 10a4 4 0 0 0-5.7 0L5 13.3A4 4 0 0 0 10.7 19l1.3-1.3"/>`,
  lock: svg`<path d="M5.5 11h13v9h-13zM8.5 11V8a3.5 3.5 0 0 1 7 0v3"/>`,
  more: svg`<path d="M12 5.5v.1M12 12v.1M12 18.5v.1" stroke-width="3"/>`,
  mute: svg`<path d="M6 16V11a6 6 0 0 1 9.5-4.9M18 11v5l1.5 2H8M10 21h4M4 4l16 16"/>`,
  pencil: svg`<path d="M12 20h8M4 20l1-4.5L15.5 5 19 8.5 8.5 19z"/>`,
  person: svg`<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c.6-4.5 3.5-6.5 7.5-6.5s6.9 2 7.5 6.5"/>`,
  qr: svg`<path d="M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 18h2v2h-2zM18 14h2M14 18v2"/>`,
  react: svg`<circle cx="12" cy="12" r="8.5"/><path d="M8.5 14c1.6 2.6 5.4 2.6 7 0M9 9.5v.3M15 9.5v.3"/>`,
  reply: svg`<path d="M9 7 4 12l5 5M4 12h9c4 0 6.5 2 7 6"/>`,
  retry: svg`<path d="M19.5 12a7.5 7.5 0 1 1-2.2-5.3L20 9.5M20 4v5.5h-5.5"/>`,
  search: svg`<circle cx="10.5" cy="10.5" r="6.5"/><path d="m20 20-4.7-4.7"/>`,
  send: svg`<path d="M4 12 20 4.5 15.5 20l-4-6.5zM11.5 13.5 20 4.5"/>`,
  settings: svg`<circle cx="12" cy="12" r="3"/><path d="M12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.2 2.2M16.2 16.2l2.2 2.2M18.4 5.6l-2.2 2.2M7.8 16.2l-2.2 2.2"/>`,
  shield: svg`<path d="M12 3 5 6v5.5c0 4.5 2.8 7.7 7 9.5 4.2-1.8 7-5 7-9.5V6zM9 12l2.2 2.2L15.5 10"/>`,
  theme: svg`<circle cx="12" cy="12" r="8.5"/><path d="M12 3.5v17a8.5 8.5 0 0 0 0-17z" fill="currentColor"/>`,
  trash: svg`<path d="M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10 11v5.5M14 11v5.5"/>`,
  warning: svg`<path d="M12 4 2.5 20h19zM12 10v5M12 17.2v.3"/>`,
} satisfies Record<string, SVGTemplateResult>;

export type IconName = keyof typeof PATHS;

/** Turned round in scripts that run from right to left. */
const DIRECTED = new Set<IconName>(['back', 'chevron', 'leave', 'reply', 'send']);

export function icon(name: IconName, size = 22): TemplateResult {
  return html`<svg class="icon ${DIRECTED.has(name) ? 'directed' : ''}" viewBox="0 0 24 24" width=${size} height=${size} fill="none" stroke="currentColor"
    stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${PATHS[name]}</svg>`;
}
