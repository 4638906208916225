/** What is being written into a conversation. It stays while the page is open, and is nowhere else. */
import type { Message } from '@infrasound/client';

import { Observable } from './observable.ts';

export class Draft extends Observable {
  text = '';
  files: File[] = [];
  answering: Message | undefined;
  editing: Message | undefined;

  get isEmpty(): boolean {
    return this.text.trim() === '' && this.files.length === 0;
  }

  set(change: Partial<Pick<Draft, 'text' | 'files' | 'answering' | 'editing'>>): void {
    Object.assign(this, change);
    this.changed();
  }

  clear(): void {
    this.set({ text: '', files: [], answering: undefined, editing: undefined });
  }
}
