/** Wishes and their answers, for the façade: what each brings is checked here once. */

import type { OutgoingFile, Queued, SendOptions } from '../api.js';
import { InfrasoundError } from '../error.js';
import type { CoreAnswer, CoreWish } from '../shared/core_types.js';
import type { Extra, Line } from './line.js';
import type { Outcomes } from './outcomes.js';

type Answer<Kind extends CoreAnswer['answer']> = Extract<CoreAnswer, { answer: Kind }>;

type Writing = Extract<CoreWish, { wish: 'send' | 'groupSend' }>;

export class Wishes {
  constructor(
    private readonly line: Line,
    private readonly outcomes: Outcomes,
  ) {}

  /** Gives a wish and waits for its answer, which must be of this kind. */
  async ask<Kind extends CoreAnswer['answer']>(
    kind: Kind,
    wish: CoreWish,
    files: OutgoingFile[] = [],
    extra: Extra = {},
  ): Promise<Answer<Kind>> {
    const { answer } = await this.line.call('wish', { wish, files }, extra);
    if (answer.answer !== kind) throw new InfrasoundError('internal', `the core answered ${answer.answer} to ${wish.wish}`);
    return answer as Answer<Kind>;
  }

  /** Gives a wish; whatever it is answered, it is stored or done. */
  async give(wish: CoreWish, files: OutgoingFile[] = []): Promise<void> {
    await this.line.call('wish', { wish, files });
  }

  /** Gives a wish about a group, and waits until the group has changed. */
  async change(wish: CoreWish): Promise<void> {
    const { answer } = await this.line.call('wish', { wish, files: [] });
    if (answer.answer === 'queued') await this.outcomes.of(answer.message);
  }

  /** Writes a message. */
  async send(wish: Writing, { inReplyTo, files = [], onProgress, signal }: SendOptions = {}): Promise<Queued> {
    const all = files.map(outgoing);
    const whole = inReplyTo === undefined ? wish : { ...wish, inReplyTo };
    return this.#queued(whole, all, { onProgress, signal });
  }

  /** Sends again what has failed: the same, whichever page wrote it. */
  retry(message: string): Promise<Queued> {
    this.outcomes.forget(message);
    return this.#queued({ wish: 'sendAgain', object: message });
  }

  async #queued(wish: CoreWish, files: OutgoingFile[] = [], extra: Extra = {}): Promise<Queued> {
    const { message, conversation } = await this.ask('queued', wish, files, extra);
    const inLog = this.outcomes.of(message);
    // Whoever does not wait for it hears of a failure by its event.
    inLog.catch(() => undefined);
    return conversation === undefined ? { message, sent: inLog } : { message, conversation, sent: inLog };
  }
}

function outgoing(file: File | OutgoingFile): OutgoingFile {
  return file instanceof Blob ? { file, name: file.name, mediaType: file.type || 'application/octet-stream' } : file;
}
