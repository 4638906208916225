/** Sixteen opaque bytes. */
export type Opaque = Uint8Array;
export type StoredRecord = { name: Opaque; value: Uint8Array };

/** What every call throws if it can't be done; a panic is an `Error` instead, and the object is of no use then. */
export type CoreError = {
  code: FailureCode | 'device-name' | 'no-device' | 'storage-damaged' | 'newer-version' | 'malformed'
    | 'file-changed' | 'file-refused' | 'too-long';
  text: string;
};
export type FailureCode =
  | 'unknown-account' | 'no-infrasound' | 'other-instance' | 'no-consent' | 'no-key-packages' | 'too-long' | 'not-found'
  | 'not-author' | 'not-allowed' | 'bad-link' | 'refused' | 'untrusted' | 'account-has-devices' | 'signed-out'
  | 'unreachable' | 'other';
export type CoreFailure = { code: FailureCode; text: string };

export type CorePerson = { account: string; handle: string };
export type CoreConsent = 'none' | 'accepted' | 'ignored' | 'blocked';
export type CoreRole = 'owner' | 'moderator' | 'member';
export type CoreVerdict = 'accept' | 'filter' | 'drop';
export type CoreRequestPolicy = {
  forNotFollowing: CoreVerdict;
  forNotFollowers: CoreVerdict;
  forNewAccounts: CoreVerdict;
  forPrivateMentions: CoreVerdict;
  forLimitedAccounts: CoreVerdict;
};

/** `size`, `blob` and `reference` are absent if its bytes are where this version cannot fetch them. */
export type CoreAttachment = {
  name: string;
  mediaType: string;
  width?: number;
  height?: number;
  /** Base64url. */
  thumbnail?: string;
  size?: number;
  blob?: string;
  reference?: object;
};
/** An attachment of a wish. `size` and `blob` may be there; the reference says it all. */
export type NewAttachment = {
  name: string;
  mediaType: string;
  width?: number;
  height?: number;
  thumbnail?: string;
  reference?: object;
};

export type CoreConversation = {
  id: string;
  kind: 'direct' | 'group';
  person?: CorePerson;
  group?: {
    name?: string;
    description?: string;
    picture?: CoreAttachment;
    inviter?: CorePerson;
    ended?: 'left' | 'removed';
  };
  consent: CoreConsent;
  request: boolean;
  unread: number;
  lastMessage: number;
  lastTime: number;
  /** Plain text. */
  preview: string;
  waiting?: string;
  muted: boolean;
  archived: boolean;
};

export type CoreMessageState =
  | { step: 'pending'; waitingFor?: string }
  | { step: 'sent' } | { step: 'delivered' } | { step: 'read' } | { step: 'received' }
  | { step: 'failed'; reason: string };
export type CoreGroupChange =
  | { change: 'began' | 'joined' | 'settings' | 'bans' | 'links' | 'closed' | 'opened' | 'missed' }
  | { change: 'added' | 'removed' | 'left' | 'renewed'; who: string[] }
  | { change: 'role'; who: string; role: CoreRole }
  | { change: 'described'; name: string; description: string; picture?: CoreAttachment };
export type CoreMessage = {
  id: string;
  conversation?: string;
  number?: number;
  sender: string;
  own: boolean;
  time: number;
  body:
    | { kind: 'html'; html: string } | { kind: 'deleted' } | { kind: 'unsupported'; type: string }
    | { kind: 'unreadable'; reason: string } | { kind: 'changes'; changes: CoreGroupChange[] };
  inReplyTo?: string;
  attachments: CoreAttachment[];
  edited: boolean;
  reactions: { sender: string; emoji?: string }[];
  state: CoreMessageState;
};

export type CoreGroupSettings = {
  add: CoreRole; rename: CoreRole; post: CoreRole; join: 'open' | 'approval' | 'invite'; closed: boolean;
};
export type CoreGroupView = {
  summary: CoreConversation;
  role?: CoreRole;
  settings?: CoreGroupSettings;
  members: { person: CorePerson; role: CoreRole; devices: number; own: boolean }[];
  banned: string[];
  /** `link` is what stands after the last `#` of a join link. Zero uses are any number. */
  links: { key: string; link: string; expires: number; uses: number }[];
};
export type CoreDevice = { id: string; name: string; created: number; lastSeen: number };

export type CoreAnswer =
  | { answer: 'done' }
  | { answer: 'queued'; message: string; conversation?: string }
  | { answer: 'messages'; messages: CoreMessage[] }
  | { answer: 'safetyNumber'; who: string; groups: string[]; pinned: boolean }
  | { answer: 'bytes'; bytes: Uint8Array }
  | { answer: 'devices'; devices: CoreDevice[] }
  | { answer: 'group'; group: CoreGroupView }
  | { answer: 'link'; conversation: string; key: string; link: string; name: string }
  | { answer: 'joinRequests'; requests: { person: CorePerson; asked: number }[] };

export type CoreEvent =
  | { type: 'registered' }
  | ({ type: 'registrationFailed' } & CoreFailure)
  | { type: 'wishDone'; wish: number; answer: CoreAnswer }
  | ({ type: 'wishFailed'; wish: number } & CoreFailure)
  | { type: 'message'; message: CoreMessage }
  | { type: 'activity'; conversation: string; number: number; sender: string; own: boolean; time: number }
  | { type: 'messageState'; conversation: string; message: string; number?: number; state: CoreMessageState }
  | { type: 'receipt'; conversation: string; upTo: number; state: 'delivered' | 'read' }
  | { type: 'changed'; conversation: string; object: string }
  | ({ type: 'notAdded'; conversation: string; who: string } & CoreFailure)
  | { type: 'typing'; conversation: string; who: string }
  | { type: 'joinRequests'; conversation: string; count: number }
  | { type: 'uploading'; message: string; blob: string; sent: number; total: number }
  | ({ type: 'failed'; conversation?: string; object: string } & CoreFailure)
  | { type: 'conversation'; conversation: CoreConversation }
  | { type: 'linkOpened'; code: string; uri: string }
  | { type: 'linkCompare'; number: string; mode: 'number' | 'uri'; device?: string }
  | { type: 'linkProgress'; records: number }
  | { type: 'linkDone' }
  | ({ type: 'linkFailed' } & CoreFailure)
  | { type: 'devicesChanged' }
  | { type: 'warning'; conversation?: string; code: string; text: string }
  | { type: 'caughtUp' }
  | { type: 'offline'; reason: string; retryAt: number }
  | ({ type: 'signedOut' } & CoreFailure);

export type TransportError = 'unreachable' | 'timedOut' | 'insecure' | 'spoolLost' | 'tooLong';

/** `key` and `auth` are base64url, hours of rest minutes from midnight UTC. */
export type CorePushSubscription = {
  endpoint: string;
  key: string;
  auth: string;
  quiet?: { from: number; until: number };
  except?: string[];
};

export type CoreWish =
  | { wish: 'send'; to: string; text: string; inReplyTo?: string; attachments?: NewAttachment[] }
  | { wish: 'fetchBlob'; blob: string; offset: number; length: number }
  | { wish: 'react'; conversation: string; object: string; emoji?: string }
  | { wish: 'sendAgain'; object: string }
  | { wish: 'discard'; object: string }
  | { wish: 'unreact'; conversation: string; object: string; emoji?: string }
  | { wish: 'edit'; conversation: string; object: string; text: string }
  | { wish: 'delete'; conversation: string; object: string; blobs?: string[] }
  | { wish: 'markRead'; conversation: string; upTo: number }
  | { wish: 'setContact'; who: string; state: CoreConsent }
  | ({ wish: 'setPolicy' } & CoreRequestPolicy)
  | { wish: 'setPush'; subscription?: CorePushSubscription }
  | { wish: 'messages'; conversation: string; before?: number; limit: number }
  | { wish: 'safetyNumber'; who: string }
  | { wish: 'devices' }
  | { wish: 'mute'; conversation: string; muted: boolean }
  | { wish: 'archive'; conversation: string; archived: boolean }
  | { wish: 'typing'; conversation: string }
  | { wish: 'renameDevice'; device: string; name: string }
  | { wish: 'revokeDevice'; device: string }
  /** The code, or the text of the URI. */
  | { wish: 'joinLink'; by: string }
  | { wish: 'confirmLink' }
  | { wish: 'cancelLink' }
  | { wish: 'renewLeaf'; conversation: string }
  | { wish: 'groupCreate'; name: string; description?: string; picture?: NewAttachment; members: string[] }
  | { wish: 'groupSend'; conversation: string; text: string; inReplyTo?: string; attachments?: NewAttachment[] }
  | { wish: 'groupView'; conversation: string }
  | { wish: 'groupAnswer'; conversation: string; state: CoreConsent }
  | { wish: 'groupAdd'; conversation: string; who: string[] }
  | { wish: 'groupRemove'; conversation: string; who: string[]; ban: boolean }
  | { wish: 'groupUnban'; conversation: string; who: string }
  | { wish: 'groupSetRole'; conversation: string; who: string; role: CoreRole }
  | ({ wish: 'groupSet'; conversation: string } & Partial<CoreGroupSettings>)
  | { wish: 'groupDescribe'; conversation: string; name: string; description?: string; picture?: NewAttachment }
  | { wish: 'groupMakeLink'; conversation: string; lifetime: number; uses: number }
  | { wish: 'groupRevokeLink'; conversation: string; key: string }
  /** What stands after the last `#`. */
  | { wish: 'groupJoin'; link: string }
  | { wish: 'groupRequests'; conversation: string }
  | { wish: 'groupDecline'; conversation: string; who: string }
  | { wish: 'groupLeave'; conversation: string }
  | { wish: 'groupFoundAgain'; conversation: string };

export type CoreInput =
  | { type: 'wish'; id: number; wish: CoreWish }
  | { type: 'response'; request: number; status: number; retryAfter?: number; body: Uint8Array }
  | { type: 'unreachable'; request: number; error: TransportError }
  | { type: 'streamOpened' }
  | { type: 'streamEvent'; data: string }
  | { type: 'streamClosed'; error: TransportError }
  | { type: 'loaded'; scope: Opaque; records: StoredRecord[] }
  | { type: 'wake' };

export type CoreOutput =
  | {
      type: 'persist';
      put: { scope: Opaque; name: Opaque; value: Uint8Array }[];
      delete: { scope: Opaque; name: Opaque }[];
    }
  | {
      type: 'request';
      id: number;
      method: 'GET' | 'PATCH' | 'POST' | 'PUT' | 'DELETE';
      path: string;
      token?: string;
      body?: Uint8Array;
      bytes?: { fetch: { offset: number; length: number } } | { send: { blob: string; offset: number; length: number } };
    }
  | { type: 'openStream'; token: string }
  | { type: 'load'; scope: Opaque }
  | { type: 'dropBlob'; blob: string }
  | { type: 'wakeAt'; at: number }
  | { type: 'event'; event: CoreEvent };

export type CoreLook = {
  me: CorePerson;
  device: string;
  policy: CoreRequestPolicy;
  caughtUp: boolean;
  idle: boolean;
  conversations: CoreConversation[];
  contacts: { person: CorePerson; consent: CoreConsent }[];
  spooled: string[];
};

export type CoreStanding = Pick<CoreLook, 'me' | 'device' | 'caughtUp' | 'idle' | 'spooled'>;
