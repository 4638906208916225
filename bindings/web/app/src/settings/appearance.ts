/** Theme, language, and what the Enter key does. */
import { html } from 'lit';
import { customElement } from 'lit/decorators.js';

import { Part } from '../app/part.ts';
import type { Preferences } from '../app/preferences.ts';
import { head, page } from '../sidebar/page.ts';
import { LANGUAGES, type Language } from '../strings/language.ts';

const THEMES = ['system', 'light', 'dark'] as const;

@customElement('infrasound-appearance')
export class Appearance extends Part {
  static override styles = [Part.styles, page];

  override render() {
    const { theme, sendWith, language } = this.app.preferences;
    const languages = Object.entries(LANGUAGES) as [Language, string][];
    return html`
      ${head(this.app, this.say('appearance'))}
      <div class="scroll"><div class="padded">
        <div class="field"><label for="theme">${this.say('theme')}</label>
          <select id="theme" class="input" @change=${this.#choose('theme')}>
            ${THEMES.map((name) => html`<option value=${name} ?selected=${name === theme}>${this.say(`theme-${name}`)}</option>`)}
          </select></div>
        <div class="field"><label for="language">${this.say('language')}</label>
          <select id="language" class="input" @change=${this.#choose('language')}>
            <option value="system" ?selected=${language === 'system'}>${this.say('language-system')}</option>
            ${languages.map(([tag, name]) => html`<option value=${tag} lang=${tag} ?selected=${tag === language}>${name}</option>`)}
          </select></div>
        <div class="field"><label for="send-with">${this.say('send-with')}</label>
          <select id="send-with" class="input" @change=${this.#choose('sendWith')}>
            <option value="enter" ?selected=${sendWith === 'enter'}>${this.say('send-with-enter')}</option>
            <option value="modifier" ?selected=${sendWith === 'modifier'}>${this.say('send-with-modifier')}</option>
          </select></div>
      </div></div>`;
  }

  #choose(name: 'theme' | 'language' | 'sendWith') {
    return (event: Event) => this.app.prefer({ [name]: (event.target as HTMLSelectElement).value } as Partial<Preferences>);
  }
}
