/**
 * The public types of `@infrasound/client`. Times are milliseconds since 1970 (`number`); bytes are `Uint8Array`.
 * Everything that can fail rejects with an `InfrasoundError`.
 */

export type Handle = string; // "@bob@social.example"
export type AccountUri = string;
export type ConversationId = string; // base64url
export type ObjectId = string; // "urn:uuid:…"
export type DeviceId = string;
export type BlobId = string;

export interface ConnectOptions {
  /** The relay's base URL. Default: the origin of the page. */
  relay?: string | URL;
  /** Name of the local store, for pages that hold several accounts. Default: "infrasound". */
  store?: string;
  /** Where the worker script and the WASM module are, if they are not beside this module. */
  workerUrl?: string | URL;
  wasmUrl?: string | URL;
}
export type ErrorCode =
  // from the core
  | 'unknown-account' | 'no-infrasound' | 'other-instance' | 'no-consent' | 'no-key-packages' | 'too-long' | 'not-found'
  | 'not-author' | 'not-allowed' | 'bad-link' | 'refused' | 'untrusted' | 'account-has-devices' | 'signed-out' | 'unreachable'
  // from the host
  | 'not-signed-in' | 'not-a-relay' | 'storage-full' | 'storage-lost' | 'storage-forbidden' | 'storage-damaged' | 'newer-version'
  | 'file-changed' | 'file-refused' | 'aborted' | 'closed' | 'unsupported-browser' | 'internal';

/** Where the client stands. A UI draws from this alone which screen to show. */
export interface Status {
  /** `starting` until the store is open; `signed-out` there is no device here; `linking`; `registering`; `ready`;
   *  `ended` this device was revoked or the account started over (see `reason`); `failed` the store cannot be used (see `error`). */
  phase: 'starting' | 'signed-out' | 'linking' | 'registering' | 'ready' | 'ended' | 'failed';
  me?: Person;
  device?: DeviceId;
  /** The relay that the device here is of. If it is not the client's, the phase is `failed` (`other-instance`). */
  relay?: string;
  /** Whether the relay is reached, as far as is known: true until it was missed. While it is missed `reason` says why, and
   *  `retryAt` when it is tried again. Messages are kept meanwhile; what needs the relay at once rejects with `unreachable`. */
  online: boolean;
  retryAt?: number;
  /** All that the relay had has been taken in at least once since it was last reached. */
  caughtUp: boolean;
  reason?: string;
  error?: { code: ErrorCode; message: string };
  /** How much room there is, as it was when the store was opened. Unless it is `persisted` the browser may evict the store: to
   *  be said to the person. */
  storage?: { persisted: boolean; usage?: number; quota?: number };
}

export interface Person { account: AccountUri; handle: Handle; }
export type Consent = 'none' | 'accepted' | 'ignored' | 'blocked';
export type Role = 'owner' | 'moderator' | 'member';
export type Verdict = 'accept' | 'filter' | 'drop';
/** Who may ask: the five axes of Mastodon's notification policy. */
export interface RequestPolicy {
  forNotFollowing: Verdict;
  forNotFollowers: Verdict;
  forNewAccounts: Verdict;
  forPrivateMentions: Verdict;
  forLimitedAccounts: Verdict;
}

export interface Client {
  readonly relay: string;
  readonly status: Status;
  /** The status now and at every change. All `watch…` iterables replay the present value first, never block the client, and
   *  coalesce: a slow reader sees the latest. End by `break`, or with the signal. */
  watchStatus(options?: { signal?: AbortSignal }): AsyncIterable<Status>;
  /** What happens, in order, from now on. */
  events(options?: { signal?: AbortSignal }): AsyncIterable<ClientEvent>; // kept until they are read, or it ends

  // --- signing in -------------------------------------------------------------------------------------------------
  /** Begins a sign-in in a browser window: open `url`; the page at its end shows a code (and, on the relay's own origin, hands
   *  it over by itself: then `code` resolves). */
  signIn(): Promise<SignIn>;
  /** Signs in with an access token of the instance (scope `profile` or `read:accounts`), for a front end that has one. */
  signInWithToken(token: string): Promise<Ticket>;
  /** Makes this browser a device. `account-has-devices` unless there are none or `startOver` (which costs: everything). */
  register(ticket: Ticket, options: { deviceName: string; startOver?: boolean }): Promise<void>;
  /** Makes this browser a device by linking it from another one of the account. */
  link(ticket: Ticket, options: { deviceName: string }): Promise<NewDeviceLink>;
  /** Forgets this device: revokes it at the relay when that can be reached, and erases the local store. */
  signOut(): Promise<void>;

  // --- conversations ----------------------------------------------------------------------------------------------
  conversations(): Promise<Conversation[]>; // newest first
  watchConversations(options?: { signal?: AbortSignal }): AsyncIterable<Conversation[]>;
  conversation(id: ConversationId): ConversationHandle;
  /** The direct conversation with somebody, if there is one already. */
  conversationWith(who: Handle): Promise<ConversationId | undefined>;
  /** Writes to somebody, whether or not there is a conversation. Resolves when the message is stored; it goes when it can. */
  send(to: Handle, text: string, options?: SendOptions): Promise<Queued>;

  // --- people -----------------------------------------------------------------------------------------------------
  contacts(): Promise<{ person: Person; consent: Consent }[]>;
  setContact(who: Handle, consent: Consent): Promise<void>; // accepting confirms a changed key
  safetyNumber(who: Handle): Promise<SafetyNumber>;
  requestPolicy(): Promise<RequestPolicy>;
  setRequestPolicy(policy: RequestPolicy): Promise<void>;
  /** Completion from the relay's instance search (public data of the instance; empty where it offers none). */
  searchPeople(query: string, options?: { signal?: AbortSignal }): Promise<PersonHit[]>;

  // --- groups -----------------------------------------------------------------------------------------------------
  createGroup(group: { name: string; description?: string; picture?: Blob; members?: Handle[] }): Promise<ConversationId>;
  /** Comes in by a link, or asks to be let in. */
  joinGroup(link: string): Promise<void>;

  // --- devices ----------------------------------------------------------------------------------------------------
  devices(): Promise<DeviceInfo[]>;
  watchDevices(options?: { signal?: AbortSignal }): AsyncIterable<DeviceInfo[]>;
  renameDevice(device: DeviceId, name: string): Promise<void>;
  revokeDevice(device: DeviceId): Promise<void>;
  /** Links a new device from here, by the code it shows or the text of its QR code. */
  linkDevice(codeOrUri: string): Promise<OldDeviceLink>;

  // --- waking -----------------------------------------------------------------------------------------------------
  /** The key by which the relay identifies itself to push services: what `PushManager.subscribe` wants as
   *  `applicationServerKey`. `undefined` if the relay wakes nobody. */
  pushKey(): Promise<string | undefined>;
  /** How the relay wakes this device by Web Push while it is not connected: to be said again at each start, since browsers
   *  change subscriptions. `undefined` ends it, and so does signing out. */
  setPush(subscription: PushSubscription | PushSubscriptionJSON | undefined, options?: PushOptions): Promise<void>;

  // --- data -------------------------------------------------------------------------------------------------------
  /** The account, its contacts and conversations, and their messages, as JSON Lines in clear, for the person to keep. Left out are
   *  what is in files (their names and keys are there), the members, settings, bans and links of groups, the list of devices,
   *  and the keys of this device. */
  exportData(): ReadableStream<Uint8Array>;
  close(): Promise<void>;
}

export interface SignIn { url: string; expires: number; /** resolves when the relay's page hands the code over in this browser */ code: Promise<string>; finish(code: string): Promise<Ticket>; }
export interface Ticket { person: Person; /** the account's devices: if there are any, choose link or start over */ devices: DeviceInfo[]; readonly secret: unknown; }
export interface DeviceInfo { id: DeviceId; name: string; created: number; lastSeen?: number; current: boolean; }

export interface NewDeviceLink {
  /** `opened` show the code, and the QR of `uri`; `compare` show the number (mode `number`: confirm on both); `receiving`; `done`; `failed`. */
  watch(): AsyncIterable<LinkState>;
  confirm(): Promise<void>;
  cancel(): Promise<void>;
}
export interface OldDeviceLink { watch(): AsyncIterable<LinkState>; confirm(): Promise<void>; cancel(): Promise<void>; }
export type LinkState =
  | { step: 'opened'; code: string; uri: string }
  | { step: 'waiting' }
  | { step: 'compare'; number: string; mode: 'number' | 'uri'; device?: string }
  | { step: 'transferring'; records: number }
  | { step: 'done' }
  | { step: 'failed'; message: string };

/** When the relay does not wake a device that it could wake. */
export interface PushOptions {
  /** Hours of rest: minutes from midnight UTC, from 0 to 1439; they may go over midnight. What comes in them wakes at their end. */
  quiet?: { from: number; until: number };
  /** Conversations that do not wake: 1000 at most. The relay learns which they are. */
  except?: ConversationId[];
}

export interface Conversation {
  id: ConversationId;
  kind: 'direct' | 'group';
  /** direct */ person?: Person;
  /** group */ group?: { name?: string; description?: string; picture?: Attachment; inviter?: Person; ended?: 'left' | 'removed' };
  consent: Consent;
  /** others began it and nothing was said of it yet: show under requests */
  request: boolean;
  unread: number;
  lastMessage: number;
  lastTime: number;
  /** plain text of the last message as it is now; empty if it was deleted */
  preview: string;
  /** what keeps messages from going, for a person */
  waiting?: string;
  muted: boolean;
  archived: boolean;
}

/** A file to be sent, with what is said of it. Of a picture, what is seen before it is fetched: `makeThumbnail` makes it. */
export interface OutgoingFile { file: Blob; name: string; mediaType?: string; width?: number; height?: number; thumbnail?: Uint8Array; }
/** What is being written and not sent yet. */
export interface KeptDraft { text: string; inReplyTo?: ObjectId; }
export interface SendOptions { inReplyTo?: ObjectId; files?: (File | OutgoingFile)[]; onProgress?: (done: number, total: number) => void; signal?: AbortSignal; }
export interface Queued { message: ObjectId; conversation?: ConversationId; /** resolves once it is in the log; rejects if it fails for good */ sent: Promise<void>; }

/** Everything of one conversation. Cheap: it holds nothing. */
export interface ConversationHandle {
  readonly id: ConversationId;
  summary(): Promise<Conversation | undefined>;
  /** Messages, oldest first; before a number, or the newest. */
  messages(options?: { before?: number; limit?: number }): Promise<Message[]>;
  send(text: string, options?: SendOptions): Promise<Queued>;
  edit(message: ObjectId, text: string): Promise<void>;
  /** for everybody; the relay lets go of the files that are named, too */
  delete(message: ObjectId, files?: Attachment[]): Promise<void>;
  react(message: ObjectId, emoji?: string): Promise<void>; // none is a like
  unreact(message: ObjectId, emoji?: string): Promise<void>; // takes one's own back
  retry(message: ObjectId): Promise<Queued>; // send a failed one again, with its files
  discard(message: ObjectId): Promise<void>; // let go of a failed one
  markRead(upTo: number): Promise<void>;
  typing(): Promise<void>; // call at each key stroke; it is sent at most every few seconds
  /** What was being written here, as it was kept last. */
  draft(): Promise<KeptDraft | undefined>;
  keepDraft(draft: KeptDraft | undefined): Promise<void>; // sealed on this device
  mute(muted: boolean): Promise<void>;
  archive(archived: boolean): Promise<void>;
  answer(consent: Consent): Promise<void>; // a request or invitation
  // groups
  view(): Promise<GroupView>;
  add(who: Handle[]): Promise<void>;
  remove(who: Handle[], options?: { ban?: boolean }): Promise<void>;
  unban(account: AccountUri): Promise<void>;
  setRole(who: Handle, role: Role): Promise<void>;
  set(settings: Partial<GroupSettings>): Promise<void>;
  describe(metadata: { name?: string; description?: string; picture?: Blob | null }): Promise<void>;
  makeLink(options: { days: number; uses?: number }): Promise<string>;
  revokeLink(key: string): Promise<void>;
  joinRequests(): Promise<{ person: Person; asked: number }[]>;
  decline(account: AccountUri): Promise<void>;
  leave(): Promise<void>;
  close(): Promise<void>; // end the group for all
  foundAgain(): Promise<void>;
  renewKeys(): Promise<void>;
  // files
  /** A file that was kept on this device, opened; nothing is fetched. */
  kept(file: Attachment): Promise<Blob | undefined>;
  /** Fetches, checks and opens a file. Goes on where it was when it was interrupted. With `keep` it stays on this device, sealed as
   *  it came, until newer ones need the room: then it is not fetched again. */
  download(file: Attachment, options?: { keep?: boolean; onProgress?: (done: number, total: number) => void; signal?: AbortSignal }): Promise<Blob>;
}

export interface GroupSettings { add: Role; rename: Role; post: Role; join: 'open' | 'approval' | 'invite'; closed: boolean; }
export interface GroupView {
  summary: Conversation; role?: Role; settings?: GroupSettings;
  members: { person: Person; role: Role; devices: number; own: boolean }[];
  banned: AccountUri[];
  links: { key: string; link: string; expires: number; uses: number }[];
}

export interface Message {
  id: ObjectId; conversation?: ConversationId; number?: number;
  sender: Handle; own: boolean; time: number;
  body:
    | { kind: 'html'; html: string } // from the sender: sanitise where it is displayed
    | { kind: 'deleted' } | { kind: 'unsupported'; type: string } | { kind: 'unreadable'; reason: string }
    | { kind: 'changes'; changes: GroupChange[] };
  inReplyTo?: ObjectId;
  attachments: Attachment[];
  edited: boolean;
  reactions: { sender: Handle; emoji?: string }[];
  state: { step: 'pending'; waitingFor?: string } | { step: 'sent' } | { step: 'delivered' } | { step: 'read' } | { step: 'failed'; reason: string } | { step: 'received' };
}
export type GroupChange =
  | { change: 'began' | 'joined' | 'settings' | 'bans' | 'links' | 'closed' | 'opened' | 'missed' }
  | { change: 'added' | 'removed' | 'left' | 'renewed'; who: Handle[] }
  | { change: 'role'; who: Handle; role: Role }
  | { change: 'described'; name: string; description: string; picture?: Attachment };
/** A file as its sender describes it. `size`, `blob` and `reference` are absent if this version cannot fetch it. */
export interface Attachment {
  name: string;
  mediaType: string;
  size?: number;
  blob?: BlobId;
  /** Opaque: how to fetch and open it. It holds the file's key. */
  reference?: object;
  width?: number;
  height?: number;
  /** Opaque, and not to be trusted: `thumbnailOf` looks at it before it gives what is seen until the picture is fetched. */
  thumbnail?: string;
}
export interface SafetyNumber {
  /** Twelve groups of five digits. */
  digits: string;
  /** For a QR code: the same on both sides. */
  qr: string;
  /** Whether the key in it is from a conversation, rather than the relay's word. */
  pinned: boolean;
}
export interface PersonHit { handle: Handle; displayName: string; }

export type ClientEvent =
  | { type: 'message'; message: Message }
  | { type: 'activity'; conversation: ConversationId; number: number; sender: Handle; own: boolean; time: number } // reaction, edit, deletion: read the messages again
  | { type: 'messageState'; conversation: ConversationId; message: ObjectId; number?: number; state: Message['state'] }
  | { type: 'receipt'; conversation: ConversationId; upTo: number; state: 'delivered' | 'read' }
  | { type: 'changed'; conversation: ConversationId; object: ObjectId }
  | { type: 'failed'; conversation?: ConversationId; object: ObjectId; code: ErrorCode; text: string }
  | { type: 'discarded'; message: ObjectId } // in whichever tab
  | { type: 'notAdded'; conversation: ConversationId; who: Handle; code: ErrorCode; text: string }
  | { type: 'typing'; conversation: ConversationId; who: Handle }
  | { type: 'joinRequests'; conversation: ConversationId; count: number }
  | { type: 'uploading'; message: ObjectId; blob: BlobId; sent: number; total: number }
  | { type: 'conversation'; conversation: Conversation }
  | { type: 'devicesChanged' }
  | { type: 'warning'; conversation?: ConversationId; code: string; text: string }
  | { type: 'status'; status: Status };
