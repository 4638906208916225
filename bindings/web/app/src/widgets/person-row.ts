/** Somebody in a list that one chooses from. */
import type { PersonHit } from '@infrasound/client';
import { html, nothing, type TemplateResult } from 'lit';

import { shortName } from '../app/people.ts';
import { plainName } from '../text/name.ts';
import './avatar.ts';

export function personRow(hit: PersonHit, choose: () => void, end: TemplateResult | typeof nothing = nothing): TemplateResult {
  return html`
    <button class="row" @click=${choose}>
      <infrasound-avatar .name=${hit.handle}></infrasound-avatar>
      <span class="grow">
        <strong class="cut" dir="auto">${plainName(hit.displayName) || shortName(hit.handle)}</strong>
        <span class="hint cut"><bdi>${hit.handle}</bdi></span>
      </span>
      ${end}
    </button>`;
}
