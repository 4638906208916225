/** How far a message of one's own is, as a sign with its words. */
import type { Message } from '@infrasound/client';
import { html, nothing, type TemplateResult } from 'lit';

import type { Say } from '../strings/language.ts';
import { icon, type IconName } from '../widgets/icon.ts';

const SIGNS: Partial<Record<Message['state']['step'], IconName>> = {
  pending: 'clock', sent: 'check', delivered: 'checks', read: 'checks', failed: 'failed',
};

export function ticks(say: Say, { state }: Message): TemplateResult | typeof nothing {
  const sign = SIGNS[state.step];
  if (!sign) return nothing;
  const words = say(`state-${state.step}`);
  return html`<span class=${state.step} role="img" aria-label=${words} title=${words}>${icon(sign, 15)}</span>`;
}
