/** A group: what it is called, who is in it, what can be done. */
import type { GroupView } from '@infrasound/client';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';

import { shortName } from '../app/people.ts';
import { head } from '../sidebar/page.ts';
import { groupPicture } from '../sidebar/row.ts';
import { startWith } from '../sidebar/new-message.ts';
import '../widgets/avatar.ts';
import { icon } from '../widgets/icon.ts';
import '../widgets/menu.ts';
import type { MenuItem } from '../widgets/menu.ts';
import { GroupPanel } from './group-panel.ts';

type Member = GroupView['members'][number];
/** A longer list is shown in pieces. */
const PIECE = 100;

@customElement('infrasound-group')
export class Group extends GroupPanel {
  @state() private asking = 0;
  @state() private many = PIECE;

  override render() {
    const { app, conversation, view } = this;
    const { group } = conversation;
    const inside = group?.ended === undefined && view?.role !== undefined;
    const rename = this.may(view?.settings?.rename);
    const add = this.may(view?.settings?.add);
    return html`
      ${head(app, this.say('group-details'), rename && inside
        ? html`<button class="icon-button" aria-label=${this.say('edit-group')} title=${this.say('edit-group')} @click=${() => app.detail('edit')}>${icon('edit')}</button>` : nothing)}
      <div class="scroll">
        <div class="top">
          <infrasound-avatar group .name=${group?.name ?? ''} .seed=${conversation.id} .picture=${groupPicture(app, conversation)}></infrasound-avatar>
          <h3 dir="auto">${app.title(conversation)}</h3>
          ${group?.description ? html`<p dir="auto">${group.description}</p>` : nothing}
          ${view ? html`<p class="hint">${this.say('members-count', { count: view.members.length })}</p>` : nothing}
        </div>
        ${inside ? html`
          <div class="group">
            ${add ? this.#link('add', 'person', this.say('add-members')) : nothing}
            ${add && view?.settings?.join !== 'invite' ? this.#link('links', 'link', this.say('links')) : nothing}
            ${add ? html`<button class="row" @click=${() => app.detail('asking')}>${icon('clock')}<span class="grow">${this.say('asking')}</span>
              ${this.asking > 0 ? html`<span class="role">${this.asking}</span>` : nothing}${icon('chevron', 18)}</button>` : nothing}
            ${this.#link('rules', 'settings', this.say('rules'))}
          </div>` : nothing}
        <div class="group">${this.muteRow()}${this.archiveRow()}</div>
        ${view && view.members.length > 0 ? html`
          <h3 class="group-title">${this.say('members')}</h3>
          <ul class="group">${view.members.slice(0, this.many).map((member) => this.#member(member))}</ul>
          ${view.members.length > this.many ? html`<button class="row" @click=${() => (this.many += PIECE)}>${this.say('show-more')}</button>` : nothing}` : nothing}
        ${view && view.banned.length > 0 && this.may('moderator') ? this.#banned(view) : nothing}
        ${inside ? html`
          <div class="group">
            <button class="row danger" @click=${this.#leave}>${icon('leave')}<span class="grow">${this.say('leave')}</span></button>
            ${view?.role === 'owner' ? html`<button class="row danger" @click=${this.#close}>${icon('lock')}<span class="grow">${this.say('close-group')}</span></button>` : nothing}
          </div>` : nothing}
      </div>`;
  }

  protected override async reload(): Promise<void> {
    await super.reload();
    if (!this.may(this.view?.settings?.add)) return;
    try {
      this.asking = (await this.handle.joinRequests()).length;
    } catch {
      // Offline: the number is shown when it is known again.
    }
  }

  #link(details: 'add' | 'links' | 'rules', sign: 'person' | 'link' | 'settings', label: string): TemplateResult {
    return html`<button class="row" @click=${() => this.app.detail(details)}>${icon(sign)}<span class="grow">${label}</span>${icon('chevron', 18)}</button>`;
  }

  #member(member: Member): TemplateResult {
    const { person, role, own, devices } = member;
    const items = own ? [] : this.#memberMenu(member);
    return html`
      <li class="member">
        <span class="row">
          <infrasound-avatar .name=${person.handle}></infrasound-avatar>
          <span class="grow">
            <span class="cut"><bdi>${own ? this.say('you') : shortName(person.handle)}</bdi></span>
            <span class="hint cut"><bdi>${person.handle}</bdi> · ${this.say('devices-count', { count: devices })}</span>
          </span>
          ${role === 'member' ? nothing : html`<span class="role">${this.say(`role-${role}`)}</span>`}
        </span>
        ${items.length > 0 ? html`<infrasound-menu .label=${this.say('more-about', { name: shortName(person.handle) })} .items=${items}></infrasound-menu>` : nothing}
      </li>`;
  }

  #memberMenu({ person, role }: Member): MenuItem[] {
    const { handle } = person;
    const name = shortName(handle);
    const owner = this.may('owner');
    const items: MenuItem[] = [{ label: this.say('write'), icon: 'pencil', action: () => void startWith(this.app, handle) }];
    if (owner && role === 'member') items.push({ label: this.say('make-moderator'), icon: 'shield', action: () => void this.change(() => this.handle.setRole(handle, 'moderator')) });
    if (owner && role !== 'member') items.push({ label: this.say('make-member'), icon: 'person', action: () => void this.change(() => this.handle.setRole(handle, 'member')) });
    if (owner && role !== 'owner') items.push({ label: this.say('make-owner'), icon: 'settings', action: () => void this.#makeOwner(handle, name) });
    if (owner || (this.may('moderator') && role === 'member')) {
      items.push({ label: this.say('remove-member'), icon: 'close', danger: true, action: () => void this.#remove(handle, name, false) });
      items.push({ label: this.say('ban'), icon: 'block', danger: true, action: () => void this.#remove(handle, name, true) });
    }
    return items;
  }

  #banned(view: GroupView): TemplateResult {
    return html`
      <h3 class="group-title">${this.say('banned')}</h3>
      <ul class="group">${view.banned.map((account) => html`
        <li class="row"><span class="grow cut"><bdi>${account}</bdi></span>
          <button class="link" @click=${() => this.change(() => this.handle.unban(account))}>${this.say('unban')}</button></li>`)}
      </ul>`;
  }

  async #makeOwner(handle: string, name: string): Promise<void> {
    const sure = await this.app.confirm({
      title: this.say('make-owner-title', { name }), text: this.say('make-owner-text', { name }), action: this.say('make-owner'), danger: false,
    });
    if (sure) await this.change(() => this.handle.setRole(handle, 'owner'));
  }

  async #remove(handle: string, name: string, ban: boolean): Promise<void> {
    const sure = await this.app.confirm({
      title: this.say(ban ? 'ban-title' : 'remove-title', { name }), text: this.say(ban ? 'ban-text' : 'remove-text', { name }),
      action: this.say(ban ? 'ban' : 'remove-member'), danger: true,
    });
    if (sure) await this.change(() => this.handle.remove([handle], { ban }));
  }

  async #leave(): Promise<void> {
    const sure = await this.app.confirm({ title: this.say('leave-title'), text: this.say('leave-text'), action: this.say('leave'), danger: true });
    if (sure) await this.change(() => this.handle.leave());
  }

  async #close(): Promise<void> {
    const sure = await this.app.confirm({ title: this.say('close-title'), text: this.say('close-text'), action: this.say('close-group'), danger: true });
    if (sure) await this.change(() => this.handle.close());
  }
}
