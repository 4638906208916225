/** The façade: what an app calls, made of wishes and looks that the leader answers. */

import type {
  Client,
  ClientEvent,
  Consent,
  Conversation,
  ConversationHandle,
  ConversationId,
  DeviceInfo,
  Handle,
  NewDeviceLink,
  OldDeviceLink,
  Person,
  PersonHit,
  PushOptions,
  Queued,
  RequestPolicy,
  SafetyNumber,
  SendOptions,
  SignIn,
  Status,
  Ticket,
} from '../api.js';
import { InfrasoundError, closed } from '../error.js';
import { makeId } from '../shared/bytes.js';
import type { CoreEvent, CoreLook, CoreWish } from '../shared/core_types.js';
import type { Notice } from '../shared/wire.js';
import { OneConversation, pictureFile, type Means } from './conversation.js';
import { exportLines } from './export.js';
import { fragmentOf } from './join_link.js';
import { Kept } from './kept.js';
import { all, latest } from './latest.js';
import { Line } from './line.js';
import { Link } from './links.js';
import { Outcomes } from './outcomes.js';
import { pushKeyOf, subscriptionFor } from './push.js';
import { Relay } from './relay.js';
import { beginSignIn, exchangeToken, signedInBy } from './sign_in.js';
import { Wishes } from './wishes.js';

interface Watch {
  signal?: AbortSignal;
}

/** Lets go of what a client holds besides its line. */
export type End = () => void;

export class TabClient implements Client {
  readonly #closed = new AbortController();
  readonly #outcomes = new Outcomes();
  readonly #wishes: Wishes;
  readonly #relay: Relay;
  readonly #means: Means;
  readonly #conversations: Kept<Conversation[]>;
  readonly #devices: Kept<DeviceInfo[]>;
  readonly #listeners = new Set<(event: ClientEvent) => void>();
  /** The notice that the list of conversations was read after. */
  #readAt = 0;
  #phase: Status['phase'] = 'starting';
  #wasCaughtUp = false;

  constructor(
    private readonly line: Line,
    readonly relay: string,
    private readonly end: End,
  ) {
    this.#wishes = new Wishes(line, this.#outcomes);
    this.#relay = new Relay(relay, this.#closed.signal);
    this.#means = { line, wishes: this.#wishes, relay, typing: new Map() };
    this.#conversations = new Kept(() => this.#readConversations());
    this.#devices = new Kept(() => this.devices());
    line.onNotice((notice, seq) => this.#heard(notice, seq));
    line.onStatus(() => this.#statusChanged());
    line.onTerm(() => this.#termBegan());
    this.#statusChanged();
  }

  get status(): Status {
    return this.line.status;
  }

  watchStatus({ signal }: Watch = {}): AsyncIterable<Status> {
    const read = (): Status => this.status;
    return latest({ read, listen: (changed) => this.line.onStatus(changed) }, this.#until(signal));
  }

  events({ signal }: Watch = {}): AsyncIterable<ClientEvent> {
    return all<ClientEvent>((each) => {
      this.#listeners.add(each);
      return () => this.#listeners.delete(each);
    }, this.#until(signal));
  }

  signIn(): Promise<SignIn> {
    return beginSignIn(this.#relay, this.#closed.signal);
  }

  signInWithToken(token: string): Promise<Ticket> {
    return exchangeToken(this.#relay, token);
  }

  async register(ticket: Ticket, { deviceName, startOver = false }: { deviceName: string; startOver?: boolean }): Promise<void> {
    const signedIn = signedInBy(ticket);
    keepStorage();
    await this.line.call('register', { relay: this.relay, signedIn, deviceName, startOver });
  }

  async link(ticket: Ticket, { deviceName }: { deviceName: string }): Promise<NewDeviceLink> {
    const signedIn = signedInBy(ticket);
    keepStorage();
    const id = makeId();
    const link = new Link(this.line, this.#wishes, id, this.#closed.signal);
    try {
      await this.line.call('link', { relay: this.relay, signedIn, deviceName }, { id });
      return link.begun();
    } catch (error) {
      link.drop();
      throw error;
    }
  }

  async signOut(): Promise<void> {
    await this.line.call('signOut', {});
  }

  async conversations(): Promise<Conversation[]> {
    return (await this.#look()).conversations;
  }

  watchConversations({ signal }: Watch = {}): AsyncIterable<Conversation[]> {
    return this.#conversations.watch(this.#until(signal));
  }

  conversation(id: ConversationId): ConversationHandle {
    return new OneConversation(id, this.#means);
  }

  async conversationWith(who: Handle): Promise<ConversationId | undefined> {
    return (await this.line.call('conversationWith', { who })).answer;
  }

  send(to: Handle, text: string, options?: SendOptions): Promise<Queued> {
    return this.#wishes.send({ wish: 'send', to, text }, options);
  }

  async contacts(): Promise<{ person: Person; consent: Consent }[]> {
    return (await this.#look()).contacts;
  }

  setContact(who: Handle, consent: Consent): Promise<void> {
    return this.#wishes.give({ wish: 'setContact', who, state: consent });
  }

  async safetyNumber(who: Handle): Promise<SafetyNumber> {
    const { groups, pinned } = await this.#wishes.ask('safetyNumber', { wish: 'safetyNumber', who });
    return { digits: groups.join(' '), qr: `infrasound-safety-number:${groups.join('')}`, pinned };
  }

  async requestPolicy(): Promise<RequestPolicy> {
    return (await this.#look()).policy;
  }

  setRequestPolicy(policy: RequestPolicy): Promise<void> {
    return this.#wishes.give({ wish: 'setPolicy', ...policy });
  }

  async searchPeople(query: string, { signal }: Watch = {}): Promise<PersonHit[]> {
    return (await this.line.call('search', { query }, { signal })).answer;
  }

  async createGroup({
    name,
    description = '',
    picture,
    members = [],
  }: {
    name: string;
    description?: string;
    picture?: Blob;
    members?: Handle[];
  }): Promise<ConversationId> {
    const wish: CoreWish = { wish: 'groupCreate', name, description, members };
    const { conversation } = await this.#wishes.ask('queued', wish, picture ? [pictureFile(picture)] : []);
    // A group has its id from the beginning.
    return conversation ?? '';
  }

  joinGroup(link: string): Promise<void> {
    return this.#wishes.give({ wish: 'groupJoin', link: fragmentOf(link, this.relay) });
  }

  async devices(): Promise<DeviceInfo[]> {
    const { devices } = await this.#wishes.ask('devices', { wish: 'devices' });
    return devices.map((device) => ({ ...device, current: device.id === this.status.device }));
  }

  watchDevices({ signal }: Watch = {}): AsyncIterable<DeviceInfo[]> {
    return this.#devices.watch(this.#until(signal));
  }

  async renameDevice(device: string, name: string): Promise<void> {
    await this.#wishes.give({ wish: 'renameDevice', device, name });
    // The relay tells only the others.
    await this.#devices.reload();
  }

  async revokeDevice(device: string): Promise<void> {
    await this.#wishes.give({ wish: 'revokeDevice', device });
    await this.#devices.reload();
  }

  async linkDevice(codeOrUri: string): Promise<OldDeviceLink> {
    const link = new Link(this.line, this.#wishes, undefined, this.#closed.signal);
    try {
      await this.#wishes.give({ wish: 'joinLink', by: codeOrUri.trim() });
      return link.begun();
    } catch (error) {
      link.drop();
      throw error;
    }
  }

  pushKey(): Promise<string | undefined> {
    return pushKeyOf(this.#relay);
  }

  async setPush(subscription: PushSubscription | PushSubscriptionJSON | undefined, options?: PushOptions): Promise<void> {
    const wish: CoreWish = { wish: 'setPush' };
    await this.#wishes.give(subscription ? { ...wish, subscription: subscriptionFor(subscription, options) } : wish);
  }

  exportData(): ReadableStream<Uint8Array> {
    return exportLines(
      () => this.#look(),
      (conversation, before, limit) =>
        this.conversation(conversation).messages(before === undefined ? { limit } : { before, limit }),
    );
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.line.close();
    this.#outcomes.fail(closed());
    this.end();
  }

  async #look(): Promise<CoreLook> {
    return (await this.line.call('look', {})).answer;
  }

  async #readConversations(): Promise<Conversation[]> {
    const { answer, seq } = await this.line.call('look', {});
    this.#readAt = seq;
    return answer.conversations;
  }

  #heard(notice: Notice, seq: number): void {
    switch (notice.type) {
      case 'status':
        this.#tell({ type: 'status', status: this.status });
        break;
      case 'event':
        this.#outcomes.observe(notice.event);
        this.#observe(notice.event, seq);
        this.#tellEvent(notice.event);
        break;
      case 'discarded':
        this.#tell(notice);
        break;
      case 'link':
        break;
    }
  }

  #observe(event: CoreEvent, seq: number): void {
    switch (event.type) {
      case 'conversation':
        if (seq > this.#readAt) this.#conversations.update((all) => placed(all, event.conversation));
        break;
      case 'failed':
        // A group that could not be made is no conversation.
        if (event.conversation !== undefined) void this.#conversations.reload();
        break;
      case 'devicesChanged':
        void this.#devices.reload();
    }
  }

  /** Events of the core as an app has them. Those of links and wishes have other ways. */
  #tellEvent(event: CoreEvent): void {
    switch (event.type) {
      case 'message':
      case 'messageState':
      case 'receipt':
      case 'changed':
      case 'typing':
      case 'joinRequests':
      case 'uploading':
      case 'conversation':
      case 'devicesChanged':
      case 'warning':
      case 'activity':
        this.#tell(event);
        break;
      case 'failed':
      case 'notAdded':
        this.#tell({ ...event, code: event.code === 'other' ? 'refused' : event.code });
    }
  }

  #tell(event: ClientEvent): void {
    for (const each of this.#listeners) each(event);
  }

  #statusChanged(): void {
    const { phase, caughtUp } = this.status;
    const isOther = phase !== this.#phase;
    this.#phase = phase;
    if (isOther && (phase === 'signed-out' || phase === 'ended')) {
      this.#outcomes.fail(new InfrasoundError('signed-out', 'this device is signed out'));
    }
    if (isOther && phase === 'signed-out') {
      this.#conversations.set([]);
      this.#devices.set([]);
    } else if (isOther && (phase === 'ready' || phase === 'ended')) {
      void this.#conversations.reload();
      void this.#devices.reload();
    } else if (caughtUp && !this.#wasCaughtUp) {
      void this.#devices.reload();
    }
    this.#wasCaughtUp = caughtUp;
  }

  /** Notices may have been missed between two leaders. */
  #termBegan(): void {
    this.#readAt = 0;
    this.#wasCaughtUp = false;
    void this.#findOutcomes();
    void this.#conversations.reload();
    void this.#devices.reload();
  }

  /** What is waited for may have ended while this tab could not hear of it. */
  async #findOutcomes(): Promise<void> {
    const objects = this.#outcomes.open;
    if (objects.length === 0) return;
    const found = await this.line.call('outcomes', { objects }).catch(() => undefined);
    for (const [object, outcome] of found?.answer ?? []) this.#outcomes.end(object, outcome);
  }

  #until(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closed.signal]) : this.#closed.signal;
  }
}

/** The list with a conversation as it is now, the one with the newest message first, as the core has it. */
function placed(list: Conversation[], changed: Conversation): Conversation[] {
  const others = list.filter(({ id }) => id !== changed.id);
  const isBefore = (other: Conversation): boolean =>
    other.lastTime < changed.lastTime || (other.lastTime === changed.lastTime && other.id > changed.id);
  const at = others.findIndex(isBefore);
  return at < 0 ? [...others, changed] : [...others.slice(0, at), changed, ...others.slice(at)];
}

/** Asks the browser not to evict the store. It decides by itself, or asks the person. */
function keepStorage(): void {
  // Workers cannot ask.
  void navigator.storage?.persist?.().catch(() => undefined);
}
