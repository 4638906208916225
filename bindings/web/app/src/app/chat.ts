/** What is known here of one conversation's messages, and what is being written into it. */
import {
  InfrasoundError,
  type ClientEvent, type Conversation, type ConversationHandle, type Handle, type Message, type ObjectId, type SendOptions,
} from '@infrasound/client';

import { Bodies } from '../conversation/body.ts';
import { editable } from '../text/plain.ts';
import { prepared } from '../widgets/shrink.ts';
import { DraftKeeper } from './draft-keeper.ts';
import { Draft } from './draft.ts';
import { Files } from './files.ts';
import { keyOf, type MessageKey } from './message-key.ts';
import { Observable } from './observable.ts';

const PAGE = 80;
/** So many of the newest are read again when somebody reacted, edited or deleted. */
const FRESH = 120;
/** No answer is looked for further back than so many pages. */
const LONGEST_SEARCH = 400;

/** A message with files that are still being encrypted, so that the core does not know it yet. */
export interface Preparing {
  key: number;
  text: string;
  files: File[];
  done: number;
  total: number;
  controller: AbortController;
}

/** What a message is to become. */
export type Wish = { kind: 'edit'; text: string } | { kind: 'react' | 'unreact'; by: Handle; emoji: string | undefined } | { kind: 'delete' };

/** A correction, a reaction or its end, or a deletion that is on its way. One that was refused stays until the person has seen it. */
export interface Change { message: MessageKey; wish: Wish; refused?: InfrasoundError }

export class Chat extends Observable {
  /** Oldest first, without a gap up to the newest; those on their way come last. */
  messages: Message[] = [];
  /** All that there is has been read. */
  complete = false;
  loaded = false;
  failure: unknown;
  /** Why there are no older ones, until they are asked for again. */
  olderFailure: unknown;
  /** The first message that was new when the conversation was opened. */
  firstUnread: MessageKey | undefined;
  preparing: Preparing[] = [];
  /** In the order in which they were asked for, which is that in which they go. */
  changes: readonly Change[] = [];
  /** Why messages of one's own did not go: what they say themselves is in English. */
  readonly refused = new Map<ObjectId, InfrasoundError>();

  readonly draft = new Draft();
  readonly bodies = new Bodies();
  readonly handle: ConversationHandle;
  readonly #keeper: DraftKeeper;
  #older: Promise<void> | undefined;
  #refreshing: Promise<void> | undefined;
  #again = false;
  /** Those that may have changed since they were read. */
  readonly #stale = new Set<MessageKey>();
  #keys = 0;

  constructor(handle: ConversationHandle, private readonly files: Files) {
    super();
    this.handle = handle;
    this.#keeper = new DraftKeeper(handle, this.draft);
  }

  close(): void {
    this.#keeper.close();
  }

  /** Reads the newest messages, at the first time; later they are kept up by events. */
  async open(summary: Conversation | undefined): Promise<void> {
    if (this.loaded) {
      this.#markUnread(summary?.unread ?? 0);
      return;
    }
    try {
      const newest = await this.handle.messages({ limit: Math.max(PAGE, Math.min(summary?.unread ?? 0, 1000) + 20) });
      this.complete = newest.length < PAGE;
      this.#merge(newest);
      this.loaded = true;
      this.failure = undefined;
      this.#markUnread(summary?.unread ?? 0);
      await this.#keeper.restore((id) => this.answered(id));
    } catch (error) {
      this.failure = error;
    }
    this.changed();
  }

  find(key: MessageKey): Message | undefined {
    return this.messages.find((message) => keyOf(message) === key);
  }

  /** What an answer answers. It names an id only; of several with that id the first is meant, since a copy comes later. */
  answered(id: ObjectId): Message | undefined {
    return this.messages.find((message) => message.id === id);
  }

  own(id: ObjectId): Message | undefined {
    return this.messages.find((message) => message.own && message.id === id);
  }

  /** Reads the page before the oldest that is here. */
  older(): Promise<void> {
    return this.#older ??= this.#readOlder().finally(() => {
      this.#older = undefined;
      this.changed();
    });
  }

  /** Reads back until what an answer answers is there, if it is. */
  async reach(id: ObjectId): Promise<Message | undefined> {
    for (let pages = 0; pages < LONGEST_SEARCH; pages++) {
      const found = this.answered(id);
      if (found || this.complete) return found;
      const before = this.messages.length;
      await this.older();
      if (this.olderFailure) throw this.olderFailure;
      if (this.messages.length === before) return undefined;
    }
    return undefined;
  }

  /** Reads those that somebody looks at again, if something about them may have changed. */
  async freshen(from: number, to: number): Promise<void> {
    const stale = this.messages.slice(from, to).filter((message) => this.#stale.has(keyOf(message)));
    const last = stale.at(-1)?.number;
    if (last === undefined) return;
    for (const message of stale) this.#stale.delete(keyOf(message));
    try {
      this.#merge(await this.handle.messages({ before: last + 1, limit: to - from }));
    } catch {
      // Nothing is drawn again for that: they are as stale as before, and are asked for at the next change.
      for (const message of stale) this.#stale.add(keyOf(message));
      return;
    }
    this.changed();
  }

  apply(event: ClientEvent): void {
    switch (event.type) {
      case 'message':
        this.#merge([event.message]);
        break;
      case 'messageState':
        this.#update(event.message, (message) => ({
          ...message, state: event.state, ...(event.number === undefined ? {} : { number: event.number }),
        }));
        break;
      case 'receipt':
        this.messages = this.messages.map((message) => {
          const { own, number, state } = message;
          const earlier = state.step === 'sent' || (state.step === 'delivered' && event.state === 'read');
          const affected = own && number !== undefined && number <= event.upTo && earlier;
          return affected ? { ...message, state: { step: event.state } } : message;
        });
        break;
      case 'failed':
        this.#failed(event.object, new InfrasoundError(event.code, event.text));
        break;
      case 'activity':
      case 'changed':
        this.#readAgain();
        break;
      default:
        return;
    }
    this.changed();
  }

  /** What is to become of a message, or was refused, as far as it was asked for last. */
  changeOf(key: MessageKey): Change | undefined {
    return this.changes.findLast(({ message }) => message === key);
  }

  /** Answers once the wish is stored: it goes when it can. */
  async change(message: Message, wish: Wish): Promise<void> {
    // Of one that is not in the log yet nobody is told what became of it.
    if (message.number === undefined) return this.#ask(message.id, wish);
    const change: Change = { message: keyOf(message), wish };
    this.changes = [...this.changes, change];
    this.changed();
    try {
      await this.#ask(message.id, wish);
    } catch (error) {
      this.forget(change);
      throw error;
    }
  }

  /** Lets go of a message that did not go. */
  async discard({ id }: Message): Promise<void> {
    await this.handle.discard(id);
    this.forgetMessage(id);
  }

  /** A message of one's own that did not go is there no more, whichever tab let go of it. */
  forgetMessage(id: ObjectId): void {
    if (!this.own(id)) return;
    this.messages = this.messages.filter((other) => !(other.own && other.id === id));
    this.changed();
  }

  forget(change: Change): void {
    this.changes = this.changes.filter((other) => other !== change);
    this.changed();
  }

  /** Reads the newest again, and as far back as is not known yet. However often it is asked for meanwhile, it is done once more at most. */
  refresh(): Promise<void> {
    if (this.#refreshing) {
      this.#again = true;
      return this.#refreshing;
    }
    return this.#refreshing = this.#refresh().finally(() => (this.#refreshing = undefined));
  }

  /** Events may have been missed. */
  catchUp(): void {
    if (!this.loaded) return;
    this.olderFailure = undefined;
    this.#readAgain();
  }

  /** Answers once the message is stored: it goes when it can. Until then it can be given up, where there are files to encrypt. */
  async send(text: string, files: File[], answering: Message | undefined): Promise<void> {
    const options: SendOptions = answering ? { inReplyTo: answering.id } : {};
    if (files.length > 0) return this.#sendFiles(text, files, options);
    const { sent } = await this.handle.send(text, options);
    sent.catch(ignore);
  }

  /** Sends once more what did not go. */
  async sendAgain({ id }: Message): Promise<void> {
    const { sent } = await this.handle.retry(id);
    sent.catch(ignore);
    this.refused.delete(id);
    this.#update(id, (message) => ({ ...message, state: { step: 'pending' } }));
    this.changed();
  }

  async #sendFiles(text: string, files: File[], options: SendOptions): Promise<void> {
    const controller = new AbortController();
    const preparing: Preparing = {
      key: this.#keys++, text, files, done: 0, total: files.reduce((sum, file) => sum + file.size, 0), controller,
    };
    this.preparing = [...this.preparing, preparing];
    this.changed();
    const onProgress = (done: number, total: number) => {
      Object.assign(preparing, { done, total });
      this.changed();
    };
    const release = this.#keeper.hold();
    try {
      const described = await Promise.all(files.map(prepared));
      const { message, sent } = await this.handle.send(text, { ...options, files: described, onProgress, signal: controller.signal });
      sent.catch(ignore);
      // What is here need not be fetched.
      for (const [index, file] of (this.own(message)?.attachments ?? []).entries()) {
        const original = described[index];
        if (original && Files.isFetchable(file) && Files.isPicture(file)) this.files.keep(file, original.file);
      }
    } finally {
      release();
      this.preparing = this.preparing.filter((one) => one !== preparing);
      this.changed();
    }
  }

  /** It is not told which message was edited or deleted: the newest are read at once, the others when they are looked at. */
  #readAgain(): void {
    for (const message of this.messages.slice(0, -FRESH)) this.#stale.add(keyOf(message));
    void this.refresh().catch(ignore);
  }

  #ask(id: ObjectId, wish: Wish): Promise<void> {
    switch (wish.kind) {
      case 'edit': return this.handle.edit(id, wish.text);
      case 'react': return this.handle.react(id, wish.emoji);
      case 'unreact': return this.handle.unreact(id, wish.emoji);
      case 'delete': return this.handle.delete(id, this.own(id)?.attachments);
    }
  }

  #failed(object: ObjectId, error: InfrasoundError): void {
    if (this.own(object)) {
      this.refused.set(object, error);
      this.#update(object, (message) => ({ ...message, state: { step: 'failed', reason: error.message } }));
    } else if (this.changes.length > 0) {
      void this.#refuse(error);
    }
  }

  /** It is not told which was refused. They go one after the other, so it is the first that has not happened. */
  async #refuse(error: InfrasoundError): Promise<void> {
    await this.refresh().catch(ignore);
    const refused = this.changes.find((change) => change.refused === undefined);
    this.changes = this.changes.map((change) => (change === refused ? { ...change, refused: error } : change));
    this.changed();
  }

  /** Lets go of the changes that have happened. A later one of the same kind says so of an earlier, which it replaced. */
  #settle(): void {
    const happened = this.changes.map((change) => change.refused === undefined && this.#hasHappened(change));
    this.changes = this.changes.filter((change, index) => change.refused !== undefined || !this.changes.some((later, at) =>
      at >= index && happened[at] === true && later.message === change.message && kindOf(later.wish) === kindOf(change.wish)));
  }

  #hasHappened({ message: key, wish }: Change): boolean {
    const message = this.find(key);
    if (!message || message.body.kind === 'deleted') return true;
    switch (wish.kind) {
      case 'edit': return message.body.kind === 'html' && words(editable(message.body.html)) === words(wish.text);
      case 'react':
      case 'unreact': return message.reactions.some(({ sender, emoji }) => sender === wish.by && emoji === wish.emoji) === (wish.kind === 'react');
      case 'delete': return false;
    }
  }

  async #readOlder(): Promise<void> {
    const first = this.messages.find((message) => message.number !== undefined)?.number;
    if (this.complete || first === undefined) return;
    try {
      const page = await this.handle.messages({ before: first, limit: PAGE });
      this.complete = page.length < PAGE;
      this.olderFailure = undefined;
      this.#merge(page);
    } catch (error) {
      this.olderFailure = error;
    }
  }

  async #refresh(): Promise<void> {
    do {
      this.#again = false;
      const known = this.messages.findLast(({ number }) => number !== undefined)?.number ?? 0;
      let page = await this.handle.messages({ limit: FRESH });
      this.#merge(page);
      // Another tab may have led meanwhile, so that more came in than one page: no gap is left.
      for (let first = firstNumber(page); page.length === FRESH && first !== undefined && first > known + 1; first = firstNumber(page)) {
        page = await this.handle.messages({ before: first, limit: FRESH });
        this.#merge(page);
      }
      await this.#readChanging(firstNumber(page) ?? 0);
      this.changed();
    } while (this.#again);
  }

  /** Reads those with changes that are older than what was read. */
  async #readChanging(first: number): Promise<void> {
    for (const key of new Set(this.changes.map(({ message }) => message))) {
      const number = this.find(key)?.number;
      if (number !== undefined && number < first) this.#merge(await this.handle.messages({ before: number + 1, limit: 1 }));
    }
  }

  #merge(messages: Message[]): void {
    const fresh = new Map(messages.map((message) => [keyOf(message), message]));
    const kept = this.messages.map((message) => {
      const key = keyOf(message);
      const newer = fresh.get(key);
      fresh.delete(key);
      return newer ?? message;
    });
    this.messages = [...kept, ...fresh.values()].sort(inOrder);
    if (this.changes.length > 0) this.#settle();
  }

  /** Only of an own message it is told how it fares. */
  #update(id: ObjectId, change: (message: Message) => Message): void {
    this.messages = this.messages.map((message) => (message.own && message.id === id ? change(message) : message)).sort(inOrder);
  }

  #markUnread(count: number): void {
    const received = this.messages.filter((message) => !message.own && message.body.kind !== 'changes');
    const first = count > 0 ? received.at(-Math.min(count, received.length)) : undefined;
    this.firstUnread = first && keyOf(first);
  }
}

/** A reaction and its end replace each other. */
function kindOf({ kind }: Wish): Wish['kind'] {
  return kind === 'unreact' ? 'react' : kind;
}

/** How a message fares is told by events, with a text for the person. */
const ignore = () => undefined;

/** A text as it can be compared: HTML keeps no spaces. */
function words(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function firstNumber(page: Message[]): number | undefined {
  return page.find(({ number }) => number !== undefined)?.number;
}

function inOrder(one: Message, other: Message): number {
  if (one.number !== undefined && other.number !== undefined) return one.number - other.number;
  if (one.number === undefined && other.number === undefined) return one.time - other.time;
  return one.number === undefined ? 1 : -1;
}
