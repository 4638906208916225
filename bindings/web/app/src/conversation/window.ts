/** Which of the loaded messages are on the page: a stretch that moves with the reader, so that length costs nothing. */
import type { Message } from '@infrasound/client';

import { keyOf, type MessageKey } from '../app/message-key.ts';

const SIZE = 120;
const STEP = 40;

export class Window {
  /** Whether it ends with the newest, and goes on doing so. */
  following = true;
  #start = 0;
  #end = 0;
  #last: MessageKey | undefined;
  #messages: readonly Message[] = [];

  get shown(): readonly Message[] {
    return this.#messages.slice(this.#start, this.#end);
  }

  get range(): { start: number; end: number } {
    return { start: this.#start, end: this.#end };
  }

  /** How many newer ones are not on the page. */
  get after(): number {
    return this.#messages.length - this.#end;
  }

  get atStart(): boolean {
    return this.#start === 0;
  }

  /** Takes in what the chat has now. What was on the page stays, wherever it is in the list now. */
  take(messages: readonly Message[]): void {
    if (messages === this.#messages) return;
    const length = this.#end - this.#start;
    const last = this.following ? -1 : messages.findLastIndex((message) => keyOf(message) === this.#last);
    this.#messages = messages;
    this.#set(last < 0 ? messages.length : last + 1, Math.max(length, SIZE));
  }

  /** Shows older ones; says whether there were any. */
  backward(): boolean {
    if (this.atStart) return false;
    const start = Math.max(0, this.#start - STEP);
    this.following = false;
    this.#set(Math.min(this.#end, start + SIZE), SIZE);
    return true;
  }

  /** Shows newer ones; says whether there were any. */
  forward(): boolean {
    if (this.after === 0) return false;
    this.#set(Math.min(this.#messages.length, this.#end + STEP), SIZE);
    return true;
  }

  toNewest(): void {
    this.following = true;
    this.#set(this.#messages.length, SIZE);
  }

  /** Shows a message with what is around it; says whether it is loaded. */
  around(key: MessageKey): boolean {
    const index = this.#messages.findIndex((message) => keyOf(message) === key);
    if (index < 0) return false;
    this.following = false;
    if (index < this.#start || index >= this.#end) this.#set(Math.min(this.#messages.length, index + SIZE / 2), SIZE);
    return true;
  }

  #set(end: number, length: number): void {
    this.#end = end;
    this.#start = Math.max(0, end - Math.min(length, SIZE));
    const last = this.#messages[end - 1];
    this.#last = last && keyOf(last);
  }
}
