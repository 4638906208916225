/** The state that the whole user interface draws from: it follows the client, and holds where the person is. */
import {
  connect, InfrasoundError,
  type Client, type ClientEvent, type Conversation, type ConversationId, type DeviceInfo, type Handle, type Message, type Status,
} from '@infrasound/client';

import { en } from '../strings/en.ts';
import { catalogue, choose, direction, locale, sayIn, type Catalogue, type Key, type Language, type Say } from '../strings/language.ts';
import { plainText } from '../text/plain.ts';
import * as changedKeys from './changed-keys.ts';
import { Chat } from './chat.ts';
import { Draft } from './draft.ts';
import { Files } from './files.ts';
import { homeRelay, workerUrl } from './home.ts';
import { isNews, Notifier } from './notifier.ts';
import { Observable } from './observable.ts';
import { title } from './people.ts';
import { HOME, parent, write, type Details, type Place, type Side } from './place.ts';
import * as preferences from './preferences.ts';
import type { Preferences } from './preferences.ts';
import { Push } from './push.ts';
import { isQuiet } from './quiet-hours.ts';
import { prepare } from './times.ts';
import { english, type Told } from './told.ts';
import { Typing } from './typing.ts';

export interface Question { title: string; text: string; action: string; danger: boolean; answer: (yes: boolean) => void }
export interface Toast { key: number; told: Told; failed: boolean }
export interface AppWarning { key: number; conversation: ConversationId | undefined; told: Told }

/** The warning that the key of the other is not what it was. */
const KEY_CHANGED = 'account-key-changed';
/** The client's default; one browser holds one account unless the page names another store. */
const STORE = 'infrasound';
const TOAST = 6_000;

export class App extends Observable {
  client: Client | undefined;
  status: Status = { phase: 'starting', online: true, caughtUp: false };
  /** Whether there are conversations to be shown: still so while another tab of the device takes over. */
  ready = false;
  /** Why there is no client at all. */
  failure: unknown;
  conversations: Conversation[] = [];
  /** Whether the list was read once: before that, its being empty says nothing. */
  listed = false;
  devices: DeviceInfo[] = [];
  place: Place = HOME;
  /** One column instead of two or three. */
  narrow = false;
  preferences: Preferences;
  question: Question | undefined;
  toasts: Toast[] = [];
  warnings: AppWarning[] = [];
  /** Direct conversations in which the other's key is not what it was. */
  readonly changedKeys: Set<ConversationId>;
  /** A group link that the page was opened with. */
  invitation = '';
  readonly files = new Files();
  readonly typing = new Typing();
  readonly push: Push;

  language: Language = 'en';
  say: Say = sayIn('en', en);
  locale = 'en';

  readonly #chats = new Map<ConversationId, Chat>();
  readonly #firstDrafts = new Map<Handle, Draft>();
  readonly #store: string;
  readonly #end = new AbortController();
  readonly #notifier: Notifier;
  #keys = 0;

  constructor(store = STORE) {
    super();
    this.#store = store;
    this.#notifier = new Notifier(store, this.#end.signal);
    this.preferences = preferences.load(store);
    this.changedKeys = changedKeys.load(store);
    this.files.watch(() => this.changed());
    this.typing.watch(() => this.changed());
    this.push = new Push(store, this.#end.signal);
    this.push.watch(() => this.changed());
    this.watch(() => this.push.follow(this));
    this.#watchPage();
    void this.#speak();
  }

  async start(relay: string | undefined, given?: Client | Promise<Client>): Promise<void> {
    try {
      const client = await (given ?? connect({ store: this.#store, relay: relay ?? homeRelay(), workerUrl }));
      if (this.#end.signal.aborted) {
        if (!given) await client.close();
        return;
      }
      this.client = client;
      const { signal } = this.#end;
      this.#follow(client.watchStatus({ signal }), (status) => this.#status(status));
      this.#follow(client.events({ signal }), (event) => this.#event(event));
      this.#follow(client.watchConversations({ signal }), (conversations) => {
        this.conversations = conversations;
        this.listed = true;
        for (const { id, unread } of conversations) if (unread === 0) this.#notifier.withdraw(id);
        this.#enterNew();
      });
    } catch (error) {
      this.failure = error;
    }
    this.changed();
  }

  /** Ends what was started. A client that was given stays open. */
  async stop(given: boolean): Promise<void> {
    this.#end.abort();
    this.files.close();
    for (const chat of this.#chats.values()) chat.close();
    if (!given) await this.client?.close();
  }

  // --- where the person is ---

  go(place: Place): void {
    if (place.conversation !== this.place.conversation) this.#left(this.place.conversation);
    this.place = place;
    this.#look();
    this.changed();
  }

  /** Opens something in the first column. */
  turn(side: Side): void {
    const { conversation, details } = this.place;
    // In one column a conversation would hide what was asked for.
    this.go(conversation === undefined || this.narrow ? { side } : { side, conversation, ...(details ? { details } : {}) });
  }

  open(conversation: ConversationId): void {
    const side = this.place.side === 'requests' || this.place.side === 'archived' ? this.place.side : 'list';
    this.go({ side, conversation });
  }

  /** Opens the place for the first message to somebody. */
  compose(to: Handle): void {
    this.go({ side: 'list', to });
  }

  detail(details: Details | undefined): void {
    const { side, conversation } = this.place;
    if (conversation !== undefined) this.go({ side, conversation, ...(details ? { details } : {}) });
  }

  back(): void {
    const { side, conversation, details, to } = this.place;
    const open = to !== undefined || (conversation !== undefined && details === undefined);
    if (this.narrow && open) this.go({ side });
    else this.go(parent(this.place));
  }

  // --- conversations ---

  summary(id: ConversationId | undefined): Conversation | undefined {
    return this.conversations.find((conversation) => conversation.id === id);
  }

  /** Throws without a client: nothing that needs one is shown then. */
  get connected(): Client {
    if (!this.client) throw new InfrasoundError('closed', 'there is no client');
    return this.client;
  }

  chat(id: ConversationId): Chat {
    let chat = this.#chats.get(id);
    if (!chat) {
      this.#chats.set(id, chat = new Chat(this.connected.conversation(id), this.files));
    }
    return chat;
  }

  /** What is being written to somebody with whom there is no conversation yet. */
  firstDraft(to: Handle): Draft {
    let draft = this.#firstDrafts.get(to);
    if (!draft) this.#firstDrafts.set(to, draft = new Draft());
    return draft;
  }

  title(conversation: Conversation): string {
    return title(conversation) ?? this.say(conversation.kind === 'group' ? 'group-unnamed' : 'somebody');
  }

  unread(): number {
    return this.conversations.reduce((sum, { unread, muted, request }) => sum + (muted || request ? 0 : unread), 0);
  }

  isMe(handle: Handle): boolean {
    return this.status.me?.handle === handle;
  }

  // --- telling the person ---

  /** Does something, and says why if it does not work. Answers whether it did. */
  async attempt(work: () => Promise<unknown>, done?: Key): Promise<boolean> {
    try {
      await work();
      if (done) this.toast(this.say(done as 'done'));
      return true;
    } catch (error) {
      if (codeOf(error) !== 'aborted') this.toast(this.explain(error), true);
      return false;
    }
  }

  /** In the person's language where there is a text for the code; else what the client says. */
  explain(error: unknown): Told {
    const code = codeOf(error);
    if (code === undefined) return { text: this.say('error-internal') };
    const key = `error-${code}`;
    return key in en ? { text: this.say(key as 'error-unreachable') } : english((error as InfrasoundError).message);
  }

  toast(what: string | Told, failed = false): void {
    const toast = { key: this.#keys++, told: typeof what === 'string' ? { text: what } : what, failed };
    this.toasts = [...this.toasts, toast];
    this.changed();
    setTimeout(() => this.dismissToast(toast), failed ? TOAST * 2 : TOAST);
  }

  dismissToast(toast: Toast): void {
    this.toasts = this.toasts.filter((other) => other !== toast);
    this.changed();
  }

  dismissWarning(warning: AppWarning): void {
    this.warnings = this.warnings.filter((other) => other !== warning);
    this.changed();
  }

  confirm(question: Omit<Question, 'answer'>): Promise<boolean> {
    return new Promise((resolve) => {
      this.question = {
        ...question,
        answer: (yes) => {
          this.question = undefined;
          this.changed();
          resolve(yes);
        },
      };
      this.changed();
    });
  }

  // --- preferences ---

  prefer(change: Partial<Preferences>): void {
    this.preferences = { ...this.preferences, ...change };
    preferences.save(this.#store, this.preferences);
    this.changed();
    if (change.language) void this.#speak();
  }

  /** Where the person looks, and what they choose in another tab. */
  #watchPage(): void {
    const { signal } = this.#end;
    addEventListener('focus', () => this.#look(), { signal });
    addEventListener('blur', () => this.#look(), { signal });
    addEventListener('storage', ({ key }) => {
      if (key !== preferences.key(this.#store)) return;
      this.preferences = preferences.load(this.#store);
      void this.#speak();
    }, { signal });
  }

  #look(): void {
    this.#notifier.look(document.hasFocus() ? this.place.conversation : undefined);
  }

  get direction(): 'ltr' | 'rtl' {
    return direction(this.language);
  }

  async #speak(): Promise<void> {
    const language = choose(this.preferences.language);
    let texts: Partial<Catalogue> = en;
    try {
      texts = await catalogue(language);
    } catch {
      // Offline, before this language was fetched: English till the next visit.
    }
    this.language = language;
    this.locale = locale(language);
    this.say = sayIn(language, texts);
    this.changed();
    // There is time while the client is being opened.
    prepare(this.locale);
  }

  // --- what the client tells ---

  #follow<T>(source: AsyncIterable<T>, take: (value: T) => void): void {
    const run = async () => {
      for await (const value of source) {
        take(value);
        this.changed();
      }
    };
    run().catch((error: unknown) => {
      if (this.#end.signal.aborted) return;
      this.failure = error;
      this.changed();
    });
  }

  /** The first message made a conversation: go on in it. */
  #enterNew(): void {
    const { to } = this.place;
    if (to === undefined) return;
    const began = this.conversations.find(({ person, request }) => person?.handle === to && !request);
    if (!began) return;
    const { text, files, answering } = this.firstDraft(to);
    this.chat(began.id).draft.restore({ text, files, answering });
    this.firstDraft(to).clear();
    this.go({ side: 'list', conversation: began.id });
  }

  #status(status: Status): void {
    const began = status.phase === 'ready' && this.status.phase !== 'ready';
    const ended = status.phase === 'signed-out' && this.status.phase !== 'signed-out';
    const back = status.online && !this.status.online;
    const caughtUp = status.caughtUp && !this.status.caughtUp;
    this.status = status;
    this.ready = status.phase === 'ready' || (this.ready && status.phase === 'starting');
    if (began) void this.#readDevices();
    if (back) this.files.forgetFailures();
    if (ended) this.#forget();
    // What came in while another tab took the lead was perhaps told to nobody here.
    else if (caughtUp) for (const chat of this.#chats.values()) chat.catchUp();
  }

  #event(event: ClientEvent): void {
    if ('conversation' in event && typeof event.conversation === 'string') {
      this.#chats.get(event.conversation)?.apply(event);
    }
    switch (event.type) {
      case 'message':
        if (event.message.conversation !== undefined) this.#message(event.message, event.message.conversation);
        break;
      case 'messageState':
        if (event.state.step !== 'pending') this.files.ended(event.message);
        break;
      case 'discarded':
        for (const chat of this.#chats.values()) chat.forgetMessage(event.message);
        break;
      case 'failed':
        this.files.ended(event.object);
        if (event.conversation === undefined || !this.#chats.get(event.conversation)?.own(event.object)) {
          this.toast(this.explain(new InfrasoundError(event.code, event.text)), true);
        }
        break;
      case 'uploading':
        this.files.uploading(event.message, event.sent, event.total);
        break;
      case 'typing':
        this.typing.began(event.conversation, event.who);
        break;
      case 'notAdded':
        this.toast(this.say('not-added', { who: event.who, reason: this.explain(new InfrasoundError(event.code, event.text)).text }), true);
        break;
      case 'warning':
        this.#warn(event);
        break;
      case 'devicesChanged':
        void this.#readDevices();
        break;
      default:
    }
  }

  #message(message: Message, conversation: ConversationId): void {
    this.#chats.get(conversation)?.apply({ type: 'message', message });
    this.typing.ended(conversation, message.sender);
    const { notify, quiet, quietFrom, quietUntil } = this.preferences;
    if (!notify || !this.status.caughtUp || !isNews(message)) return;
    if (quiet && isQuiet({ from: quietFrom, until: quietUntil })) return;
    const summary = this.summary(conversation);
    // Who has not been let in yet waits under the requests, and does not interrupt.
    if (!summary || summary.request || summary.muted || summary.consent === 'blocked' || summary.consent === 'ignored') return;
    const place: Place = { side: 'list', conversation };
    const text = this.preferences.notifyContent && message.body.kind === 'html' ? plainText(message.body.html) : this.say('new-message');
    const name = this.title(summary);
    void this.#notifier.tell({ title: name, text, place: write(place), conversation }, () => this.go(place)).catch(() => undefined);
  }

  /** Somebody has looked, or has confirmed the new key. */
  keySeen(conversation: ConversationId): void {
    this.changedKeys.delete(conversation);
    changedKeys.save(this.#store, this.changedKeys);
    this.changed();
  }

  #warn({ conversation, code, text }: Extract<ClientEvent, { type: 'warning' }>): void {
    if (code === KEY_CHANGED && conversation !== undefined && this.summary(conversation)?.kind !== 'group') {
      this.changedKeys.add(conversation);
      changedKeys.save(this.#store, this.changedKeys);
      return;
    }
    const known = this.warnings.some((warning) => warning.conversation === conversation && warning.told.text === text);
    if (!known) this.warnings = [...this.warnings, { key: this.#keys++, conversation, told: english(text) }];
  }

  async #readDevices(): Promise<void> {
    try {
      this.devices = await this.connected.devices();
      this.changed();
    } catch {
      // Offline: the list is asked for again when it is looked at.
    }
  }

  #left(conversation: ConversationId | undefined): void {
    if (conversation !== undefined) {
      const chat = this.#chats.get(conversation);
      if (chat) chat.firstUnread = undefined;
    }
  }

  #forget(): void {
    for (const chat of this.#chats.values()) chat.close();
    this.#chats.clear();
    this.conversations = [];
    this.devices = [];
    this.warnings = [];
    this.changedKeys.clear();
    changedKeys.save(this.#store, this.changedKeys);
    this.go(HOME);
  }
}

/** The code of an error of the client's. The page may have given a client that comes with another copy of the class. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'InfrasoundError') return undefined;
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
