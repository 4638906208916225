/** Keeps what is being written, sealed on this device, so that it is there after a reload. Files are not kept, nor corrections. */
import type { ConversationHandle, KeptDraft, Message, ObjectId } from '@infrasound/client';

import type { Draft } from './draft.ts';

/** While somebody types it is kept so often. */
const PAUSE = 400;

export class DraftKeeper {
  /** As it was kept last. */
  #kept = '';
  /** Nothing is kept before it is known what was. */
  #isRestored = false;
  /** What messages are made of that are not stored yet: it is kept until they are, or something else is written. */
  #held: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly handle: ConversationHandle,
    private readonly draft: Draft,
  ) {
    draft.watch(() => this.#changed());
  }

  /** Puts back what was being written, unless something else is by now. Its answer is found among the messages, or is none. */
  async restore(answered: (id: ObjectId) => Message | undefined): Promise<void> {
    if (this.#isRestored) return;
    const kept = await this.handle.draft().catch(() => undefined);
    this.#isRestored = true;
    this.#kept = JSON.stringify(kept) ?? '';
    if (kept && this.draft.text === '' && this.draft.answering === undefined) {
      const { text, inReplyTo } = kept;
      this.draft.set({ text, answering: inReplyTo === undefined ? undefined : answered(inReplyTo) });
    } else {
      this.#changed();
    }
  }

  /** Keeps what there was although the draft is empty from now on, until what it answers is called. */
  hold(): () => void {
    this.#keep();
    const held = this.#kept;
    this.#held.push(held);
    return () => {
      this.#held.splice(this.#held.indexOf(held), 1);
      this.#changed();
    };
  }

  close(): void {
    this.#keep();
  }

  #changed(): void {
    // What was sent must not come back.
    if (this.draft.text.trim() === '') this.#keep();
    else this.#timer ??= setTimeout(() => this.#keep(), PAUSE);
  }

  #keep(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#isRestored) return;
    const { text, answering } = this.draft;
    const draft: KeptDraft | undefined =
      text.trim() === '' ? undefined : answering ? { text, inReplyTo: answering.id } : { text };
    if (draft === undefined && this.#held.includes(this.#kept)) return;
    const written = JSON.stringify(draft) ?? '';
    if (written === this.#kept) return;
    this.#kept = written;
    // If it cannot be kept it is as it was before there was a place for it: gone with the page.
    void this.handle.keepDraft(draft).catch(() => undefined);
  }
}
