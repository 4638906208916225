/** What a message's row needs of where it is drawn. */
import type { Message, ObjectId } from '@infrasound/client';

import type { App } from '../app/app.ts';
import type { Chat } from '../app/chat.ts';
import type { MessageKey } from '../app/message-key.ts';

export interface Draw {
  app: App;
  chat: Chat;
  group: boolean;
  /** Whether this account may write here: else there is nothing to answer or react with. */
  writable: boolean;
  /** Somebody who has not been let in yet: nothing of theirs is fetched unless it is asked for. */
  strange: boolean;
  focused: MessageKey | undefined;
  flashed: MessageKey | undefined;
  /** To what an answer answers. */
  jump(answered: ObjectId): void;
  openMenu(message: Message, anchor: DOMRect): void;
  pickReaction(message: Message, anchor: DOMRect): void;
  look(message: Message, index: number): void;
}
