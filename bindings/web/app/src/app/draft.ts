/** What is being written into a conversation. */
import type { Message } from '@infrasound/client';

import { editable } from '../text/plain.ts';
import { Observable } from './observable.ts';

export class Draft extends Observable {
  text = '';
  files: File[] = [];
  answering: Message | undefined;
  /** The message that is being corrected. What was being written waits meanwhile. */
  editing: Message | undefined;
  correction = '';

  /** What stands where one writes. */
  get shown(): string {
    return this.editing ? this.correction : this.text;
  }

  get isEmpty(): boolean {
    return this.shown.trim() === '' && (this.editing !== undefined || this.files.length === 0);
  }

  set(change: Partial<Pick<Draft, 'text' | 'files' | 'answering'>>): void {
    Object.assign(this, change);
    this.changed();
  }

  write(text: string): void {
    if (this.editing) this.correction = text;
    else this.text = text;
    this.changed();
  }

  answer(message: Message): void {
    this.answering = message;
    this.stopEditing();
  }

  edit(message: Message, correction = message.body.kind === 'html' ? editable(message.body.html) : ''): void {
    this.editing = message;
    this.correction = correction;
    this.changed();
  }

  stopEditing(): void {
    this.editing = undefined;
    this.correction = '';
    this.changed();
  }

  clear(): void {
    this.set({ text: '', files: [], answering: undefined });
  }

  /** Takes up what did not go, unless something else was begun meanwhile; says whether it did. */
  restore({ text, files, answering }: Pick<Draft, 'text' | 'files' | 'answering'>): boolean {
    const free = this.text.trim() === '' && this.files.length === 0;
    if (free) this.set({ text, files, answering });
    return free;
  }
}
