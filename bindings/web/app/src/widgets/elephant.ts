/** The elephant that is there when nothing else is: one who listens to something far away. */
import { html, type TemplateResult } from 'lit';

export function elephant(size = 200): TemplateResult {
  return html`<svg class="elephant" viewBox="0 0 256 180" width=${size} height=${size * 0.7} fill="none" aria-hidden="true">
    <ellipse cx="112" cy="163" rx="92" ry="7" fill="currentColor" opacity=".08"/>
    <g stroke="currentColor" stroke-width="3.5" stroke-linecap="round" opacity=".45">
      <path d="M206 66a34 34 0 0 1 0 42"/>
      <path d="M219 54a54 54 0 0 1 0 66" opacity=".6"/>
      <path d="M231 43a74 74 0 0 1 0 88" opacity=".3"/>
    </g>
    <g fill="currentColor">
      <path opacity=".28" d="M34 100c0-36 25-60 64-60h10c34 0 58 17 64 48 4 20 6 36 14 47 5 7 0 14-8 12-18-4-26-22-26-42-6 8-14 13-24 16v36c0 4-3 6-6 6h-18c-4 0-6-3-6-6v-27H66v27c0 4-3 6-6 6H42c-4 0-6-3-6-6v-34c-2-7-2-15-2-23z"/>
      <path opacity=".34" d="M104 42c19-5 40 6 42 30 2 22-14 42-34 40-22-2-32-22-29-41 2-15 10-26 21-29z"/>
      <path opacity=".28" d="M36 92c-7 4-10 13-9 24l1 7c1 3-3 4-4 1-4-14-2-29 10-38z"/>
      <circle cx="158" cy="78" r="4"/>
      <path opacity=".9" d="M159 108c6 4 13 4 20 1-1 7-7 11-15 10z" fill="#fffdf8"/>
    </g>
  </svg>`;
}
