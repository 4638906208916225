/** A page about a group, which reads again what it shows whenever the group changes. */
import type { GroupView, Role } from '@infrasound/client';
import type { PropertyValues } from 'lit';
import { state } from 'lit/decorators.js';

import { Panel } from './panel.ts';

const RANK: Record<Role, number> = { member: 0, moderator: 1, owner: 2 };

export class GroupPanel extends Panel {
  @state() protected view: GroupView | undefined;
  #shown = '';
  #end: AbortController | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#end?.abort();
    this.#shown = '';
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (this.conversation.id === this.#shown) return;
    this.#shown = this.conversation.id;
    this.view = undefined;
    this.#end?.abort();
    this.#end = new AbortController();
    void this.reload();
    void this.#follow(this.#end.signal);
  }

  /** To be called after a change as well: not every change is told as one. */
  protected async reload(): Promise<void> {
    const { id } = this.conversation;
    try {
      const view = await this.handle.view();
      if (this.conversation.id === id) this.view = view;
    } catch (error) {
      this.app.toast(this.app.explain(error), true);
    }
  }

  /** Whether one's own role is enough. */
  protected may(least: Role | undefined): boolean {
    const role = this.view?.role;
    return role !== undefined && least !== undefined && RANK[role] >= RANK[least];
  }

  /** Does something to the group and shows what became of it. */
  protected async change(work: () => Promise<unknown>): Promise<boolean> {
    const done = await this.app.attempt(work);
    await this.reload();
    return done;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    try {
      for await (const event of this.app.connected.events({ signal })) {
        const here = 'conversation' in event
          && (event.conversation === this.conversation.id || (event.type === 'conversation' && event.conversation.id === this.conversation.id));
        const tells = event.type === 'changed' || event.type === 'conversation' || event.type === 'joinRequests'
          || (event.type === 'message' && event.message.conversation === this.conversation.id && event.message.body.kind === 'changes');
        if (tells && (here || event.type === 'message')) await this.reload();
      }
    } catch {
      // The client ended, and this page with it.
    }
  }
}
