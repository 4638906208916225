/** The façade of one conversation. It holds nothing but an id. */

import type {
  Attachment,
  Consent,
  Conversation,
  ConversationHandle,
  GroupSettings,
  GroupView,
  Handle,
  KeptDraft,
  Message,
  OutgoingFile,
  Person,
  Queued,
  Role,
  SendOptions,
} from '../api.js';
import { InfrasoundError } from '../error.js';
import type { CoreGroupView, CoreWish } from '../shared/core_types.js';
import { joinLink } from './join_link.js';
import type { Extra, Line } from './line.js';
import type { Wishes } from './wishes.js';

const DAY = 24 * 60 * 60 * 1000;
/** Others show it for a few seconds: it need not be said at each key. */
const TYPING = 3_000;
const PAGE = 50;

export interface Means {
  line: Line;
  wishes: Wishes;
  relay: string;
  /** When it was last said that the person is typing, by conversation. */
  typing: Map<string, number>;
}

export class OneConversation implements ConversationHandle {
  constructor(
    readonly id: string,
    private readonly means: Means,
  ) {}

  async summary(): Promise<Conversation | undefined> {
    return (await this.means.line.call('conversation', { conversation: this.id })).answer;
  }

  async messages({ before, limit = PAGE }: { before?: number; limit?: number } = {}): Promise<Message[]> {
    const wish: CoreWish = { wish: 'messages', conversation: this.id, limit };
    const answer = await this.means.wishes.ask('messages', before === undefined ? wish : { ...wish, before });
    return answer.messages;
  }

  async send(text: string, options?: SendOptions): Promise<Queued> {
    // What is typed next is another message, and said so at once.
    this.means.typing.delete(this.id);
    const to = await this.#person();
    if (to !== undefined) return this.means.wishes.send({ wish: 'send', to, text }, options);
    return this.means.wishes.send({ wish: 'groupSend', conversation: this.id, text }, options);
  }

  edit(message: string, text: string): Promise<void> {
    return this.means.wishes.give({ wish: 'edit', conversation: this.id, object: message, text });
  }

  delete(message: string, files: Attachment[] = []): Promise<void> {
    const blobs = files.flatMap(({ blob }) => (blob === undefined ? [] : [blob]));
    return this.means.wishes.give({ wish: 'delete', conversation: this.id, object: message, blobs });
  }

  react(message: string, emoji?: string): Promise<void> {
    const wish: CoreWish = { wish: 'react', conversation: this.id, object: message };
    return this.means.wishes.give(emoji === undefined ? wish : { ...wish, emoji });
  }

  unreact(message: string, emoji?: string): Promise<void> {
    const wish: CoreWish = { wish: 'unreact', conversation: this.id, object: message };
    return this.means.wishes.give(emoji === undefined ? wish : { ...wish, emoji });
  }

  retry(message: string): Promise<Queued> {
    return this.means.wishes.retry(message);
  }

  discard(message: string): Promise<void> {
    return this.means.wishes.give({ wish: 'discard', object: message });
  }

  markRead(upTo: number): Promise<void> {
    return this.means.wishes.give({ wish: 'markRead', conversation: this.id, upTo });
  }

  async typing(): Promise<void> {
    const { typing, wishes } = this.means;
    const now = Date.now();
    if (now - (typing.get(this.id) ?? 0) < TYPING) return;
    typing.set(this.id, now);
    await wishes.give({ wish: 'typing', conversation: this.id });
  }

  async draft(): Promise<KeptDraft | undefined> {
    return (await this.means.line.call('draft', { conversation: this.id })).answer;
  }

  async keepDraft(draft: KeptDraft | undefined): Promise<void> {
    await this.means.line.call('keepDraft', { conversation: this.id, draft });
  }

  mute(muted: boolean): Promise<void> {
    return this.means.wishes.give({ wish: 'mute', conversation: this.id, muted });
  }

  archive(archived: boolean): Promise<void> {
    return this.means.wishes.give({ wish: 'archive', conversation: this.id, archived });
  }

  async answer(consent: Consent): Promise<void> {
    const who = await this.#person();
    await this.means.wishes.give(
      who === undefined
        ? { wish: 'groupAnswer', conversation: this.id, state: consent }
        : { wish: 'setContact', who, state: consent },
    );
  }

  async view(): Promise<GroupView> {
    const group = await this.#view();
    const links = group.links.map((link) => ({ ...link, link: joinLink(this.means.relay, link.link) }));
    return { ...group, links };
  }

  add(who: Handle[]): Promise<void> {
    return this.means.wishes.change({ wish: 'groupAdd', conversation: this.id, who });
  }

  remove(who: Handle[], { ban = false }: { ban?: boolean } = {}): Promise<void> {
    return this.means.wishes.change({ wish: 'groupRemove', conversation: this.id, who, ban });
  }

  unban(account: string): Promise<void> {
    return this.means.wishes.change({ wish: 'groupUnban', conversation: this.id, who: account });
  }

  setRole(who: Handle, role: Role): Promise<void> {
    return this.means.wishes.change({ wish: 'groupSetRole', conversation: this.id, who, role });
  }

  set(settings: Partial<GroupSettings>): Promise<void> {
    return this.means.wishes.change({ wish: 'groupSet', conversation: this.id, ...settings });
  }

  /** The core wants all of it: what is not said stays as it is. */
  async describe(metadata: { name?: string; description?: string; picture?: Blob | null }): Promise<void> {
    const { summary } = await this.#view();
    const { name = '', description = '', picture: known } = summary.group ?? {};
    const wish: Extract<CoreWish, { wish: 'groupDescribe' }> = {
      wish: 'groupDescribe',
      conversation: this.id,
      name: metadata.name ?? name,
      description: metadata.description ?? description,
    };
    if (metadata.picture === undefined && known) wish.picture = known;
    await this.means.wishes.give(wish, metadata.picture ? [pictureFile(metadata.picture)] : []);
  }

  async makeLink({ days, uses = 0 }: { days: number; uses?: number }): Promise<string> {
    const wish: CoreWish = { wish: 'groupMakeLink', conversation: this.id, lifetime: days * DAY, uses };
    const { link } = await this.means.wishes.ask('link', wish);
    return joinLink(this.means.relay, link);
  }

  revokeLink(key: string): Promise<void> {
    return this.means.wishes.change({ wish: 'groupRevokeLink', conversation: this.id, key });
  }

  async joinRequests(): Promise<{ person: Person; asked: number }[]> {
    const { requests } = await this.means.wishes.ask('joinRequests', { wish: 'groupRequests', conversation: this.id });
    return requests;
  }

  decline(account: string): Promise<void> {
    return this.means.wishes.give({ wish: 'groupDecline', conversation: this.id, who: account });
  }

  leave(): Promise<void> {
    return this.means.wishes.change({ wish: 'groupLeave', conversation: this.id });
  }

  close(): Promise<void> {
    return this.set({ closed: true });
  }

  foundAgain(): Promise<void> {
    return this.means.wishes.change({ wish: 'groupFoundAgain', conversation: this.id });
  }

  renewKeys(): Promise<void> {
    return this.means.wishes.change({ wish: 'renewLeaf', conversation: this.id });
  }

  async kept(file: Attachment): Promise<Blob | undefined> {
    return (await this.means.line.call('kept', { file })).answer;
  }

  async download(file: Attachment, { keep = false, ...extra }: Extra & { keep?: boolean } = {}): Promise<Blob> {
    const { answer } = await this.means.line.call('download', { file, keep }, extra);
    return answer;
  }

  /** The handle of the other one of a direct conversation; `undefined` if it is a group. */
  async #person(): Promise<Handle | undefined> {
    const conversation = await this.summary();
    if (!conversation) throw new InfrasoundError('not-found', 'there is no such conversation on this device');
    return conversation.person?.handle;
  }

  async #view(): Promise<CoreGroupView> {
    const { group } = await this.means.wishes.ask('group', { wish: 'groupView', conversation: this.id });
    return group;
  }
}

/** A group's picture, as a file to be sealed. */
export function pictureFile(picture: Blob): OutgoingFile {
  return { file: picture, name: 'picture', mediaType: picture.type || 'image/jpeg' };
}
