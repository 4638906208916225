/** A row with something to be turned on or off. */
import { css, html, type TemplateResult } from 'lit';

export const switchStyles = css`
  .switch {
    appearance: none;
    flex: none;
    position: relative;
    inline-size: 46px;
    block-size: 28px;
    margin: 0;
    border-radius: 14px;
    background: light-dark(#8a9295, #5b6567);
    cursor: pointer;
    transition: background 0.15s;
  }

  .switch::before {
    content: '';
    position: absolute;
    inset-block-start: 4px;
    inset-inline-start: 4px;
    inline-size: 20px;
    block-size: 20px;
    border-radius: 50%;
    background: #fff;
    transition: inset-inline-start 0.15s;
  }

  .switch:checked {
    background: var(--accent);
  }

  .switch:checked::before {
    inset-inline-start: 22px;
  }
`;

export function switchRow(
  { label, hint, on, disabled = false }: { label: string; hint?: string; on: boolean; disabled?: boolean },
  change: (on: boolean) => void,
): TemplateResult {
  return html`<label class="row">
    <span class="grow"><span>${label}</span>${hint ? html`<br><span class="hint">${hint}</span>` : ''}</span>
    <input class="switch" type="checkbox" role="switch" .checked=${on} ?disabled=${disabled}
      @change=${(event: Event) => change((event.target as HTMLInputElement).checked)}>
  </label>`;
}
