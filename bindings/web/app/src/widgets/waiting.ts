/** That something goes on, while what began it cannot be pressed again. */
import { html, nothing, type TemplateResult } from 'lit';

import type { Say } from '../strings/language.ts';

export function waiting(say: Say, busy: boolean): TemplateResult | typeof nothing {
  return busy ? html`<progress aria-label=${say('loading')}></progress>` : nothing;
}
