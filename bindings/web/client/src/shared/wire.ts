/**
 * What tabs and the leader say to each other.
 *
 * Each tab has a worker that stands for election (`worker/main.ts`); the one that wins is the leader and owns the
 * device's state. The page of every tab, the leader's own included, talks to the leader over broadcast channels:
 *
 * | channel | who listens |
 * |---|---|
 * | `infrasound/STORE/leader` | the leader |
 * | `infrasound/STORE/tab/TAB` | one tab |
 * | `infrasound/STORE/all` | every tab |
 *
 * **A call is done once, whoever dies.** A call has an id that the tab made. A leader has a term, a number that grows with
 * each leader and is stored before it serves. A tab sends a call to the leader of a term; a leader ignores calls to other
 * terms. When a tab hears of a new term it sends all its calls that have no answer again, to that term.
 *
 * So a call is lost only with its tab. It is not doubled either: what a wish changes in the journal and the wish's answer,
 * under the call's id, are written in one transaction (`worker/host.ts`). A new leader looks there before it does a call
 * that is sent again. A wish whose answer comes without a write changes nothing, or sets something to a value, and may be
 * done again. The tab says when it has the answer, and only then is the record of it deleted.
 *
 * An old leader that still runs cannot write: each of its transactions looks for its own term in the store first.
 *
 * **Tabs may have different versions of the app**: one was loaded before an update, another after it. Who leads says its
 * {@link WIRE}, and each call the one of its tab. A tab does not follow a leader of another version, whose notices it does not
 * hear therefore; a leader refuses calls of one. Both say which page is to be reloaded.
 */

import type { KeptDraft, LinkState, OutgoingFile, PersonHit, Status } from '../api.js';
import { InfrasoundError, type PlainError } from '../error.js';
import type { CoreAnswer, CoreAttachment, CoreConversation, CoreEvent, CoreLook, CoreWish } from './core_types.js';
import type { SignedIn } from './sign_in_types.js';

/** The version of what is said here. It is raised with each change of that, or of the shapes of the core that are in it. */
export const WIRE = 4;

/** What a tab can ask of the leader. */
export interface Calls {
  /** Makes this browser a device; answered when the relay has confirmed it. */
  register: { ask: { relay: string; signedIn: SignedIn; deviceName: string; startOver: boolean }; answer: void };
  /** Begins to link this browser; what follows comes as `link` notices that carry the call's id. */
  link: { ask: { relay: string; signedIn: SignedIn; deviceName: string }; answer: void };
  /** Gives the core a wish; files are sealed first, and put in as its attachments or its picture. */
  wish: { ask: { wish: CoreWish; files: OutgoingFile[] }; answer: CoreAnswer };
  look: { ask: Record<never, never>; answer: CoreLook };
  conversation: { ask: { conversation: string }; answer: CoreConversation | undefined };
  conversationWith: { ask: { who: string }; answer: string | undefined };
  /** How wishes ended that were queued: for a tab that may have missed it. */
  outcomes: { ask: { objects: string[] }; answer: [string, ObjectOutcome][] };
  search: { ask: { query: string }; answer: PersonHit[] };
  draft: { ask: { conversation: string }; answer: KeptDraft | undefined };
  keepDraft: { ask: { conversation: string; draft: KeptDraft | undefined }; answer: void };
  kept: { ask: { file: CoreAttachment }; answer: Blob | undefined };
  download: { ask: { file: CoreAttachment; keep: boolean }; answer: Blob };
  signOut: { ask: Record<never, never>; answer: void };
}

/** How a queued wish ended: in the log, or not. */
export type ObjectOutcome = 'done' | PlainError;

export type CallName = keyof Calls;
export type CallId = string;

/** A call on its way: its name decides what it asks. */
export type Call = { [Name in CallName]: { name: Name; ask: Calls[Name]['ask'] } }[CallName];

export type ToLeader =
  /** A tab wants to know who leads. */
  | { type: 'hello'; tab: string }
  | { type: 'call'; wire: number; tab: string; term: number; id: CallId; again: boolean; call: Call }
  | { type: 'abort'; id: CallId }
  /** The tab has the answer. */
  | { type: 'have'; id: CallId }
  /** Something suggests that the network is back, or somebody looks. */
  | { type: 'wake' };

export type ToTab =
  | Leads
  /** `seq` is the number of the last notice before the answer was made. */
  | { type: 'answer'; id: CallId; seq: number; answer: unknown }
  | { type: 'refused'; id: CallId; error: PlainError }
  | { type: 'progress'; id: CallId; done: number; total: number };

export type ToAll = Leads | { type: 'notice'; term: number; seq: number; notice: Notice };

/** Who leads, and where the device stands. */
export interface Leads {
  type: 'leads';
  wire: number;
  term: number;
  status: Status;
}

export type Notice =
  | { type: 'status'; status: Status }
  | { type: 'event'; event: CoreEvent }
  /** A message that did not go was let go of. */
  | { type: 'discarded'; message: string }
  | { type: 'link'; id: CallId | undefined; state: LinkState };

export const channelToLeader = (store: string): string => `infrasound/${store}/leader`;
export const channelToTab = (store: string, tab: string): string => `infrasound/${store}/tab/${tab}`;
export const channelToAll = (store: string): string => `infrasound/${store}/all`;

/** Why a tab and the leader do not understand each other. Versions before there were any say none. */
export function otherVersion(tab: number | undefined, leader: number | undefined): InfrasoundError {
  const text =
    (tab ?? 0) < (leader ?? 0)
      ? 'another tab has a newer version of this app: reload this page'
      : 'another tab has an older version of this app: reload that one, or close it';
  return new InfrasoundError('newer-version', text);
}

/** What a page tells its worker before anything else. */
export interface Begin {
  type: 'begin';
  store: string;
  wasmUrl?: string;
}

/** What a worker tells its page: it is of no more use and must be replaced. */
export interface Broken {
  type: 'broken';
  error: PlainError;
  /** Whether it led. If not, another tab may do so all the same. */
  led: boolean;
}
