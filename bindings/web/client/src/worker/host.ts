/**
 * The host's loop: gives the core inputs and carries its outputs out, in order.
 *
 * It has no policy. A `persist` is durable before the next output is begun; when one fails, the host ends and nothing
 * that follows is carried out. Spec: `infrasound_core::output`.
 */

import { InfrasoundError } from '../error.js';
import type { Bytes } from '../shared/bytes.js';
import type { CoreAnswer, CoreEvent, CoreInput, CoreOutput, CoreWish } from '../shared/core_types.js';
import { codeOf } from '../shared/codes.js';
import { endOf } from '../shared/ends.js';
import type { CallId } from '../shared/wire.js';
import { CorePanic, guarded, type Machine } from './core.js';
import type { Batch, Journal, Noted } from './journal.js';
import type { Spool } from './spool.js';
import { EventStream } from './stream.js';
import type { Request, Transport } from '../shared/transport.js';

/** The clock is looked at again at least so often: it may have been set, or the machine have slept. */
const LONGEST_SLEEP = 30_000;
/** A wish that needs the relay at once is answered by then, or counts as not answered. */
const WISH = 35_000;

interface Waiting {
  call: CallId | undefined;
  resolve: (answer: CoreAnswer) => void;
  reject: (error: unknown) => void;
}

export interface Parts<M extends Machine> {
  machine: M;
  journal: Journal;
  transport: Transport;
  spool: Spool;
  /** What the app is told. */
  tell: (event: CoreEvent) => void;
  /** The host has ended by itself, and why. */
  ended: (error: unknown) => void;
}

export class Host<M extends Machine> {
  readonly #inputs: CoreInput[] = [];
  /** Scopes to be read. They go before all inputs: what was read would be stale after what an input writes. */
  readonly #loads: Uint8Array[] = [];
  readonly #wishes = new Map<number, Waiting>();
  readonly #requests = new Set<Promise<void>>();
  readonly #stream: EventStream;
  /** The session, as the core last used it: for what the host asks of the relay itself. */
  #token: string | undefined;
  #nextWish = 1;
  /** What is being done just now. */
  #step: Promise<void> | undefined;
  #over = false;
  #wakeAt: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly parts: Parts<M>) {
    this.#stream = new EventStream(parts.transport, (input) => this.give(input));
  }

  get token(): string | undefined {
    return this.#token;
  }

  get machine(): M {
    return this.parts.machine;
  }

  /** Carries out what the core asks for first, then whatever follows. */
  start(): void {
    void this.#run(() => guarded(() => this.machine.outputs()));
  }

  /** Gives the core an input, after those that came before. */
  give(input: CoreInput): void {
    if (this.#over) return;
    this.#inputs.push(input);
    void this.#run();
  }

  /** Gives the core a wish and waits for its answer. */
  wish(wish: CoreWish, call?: CallId): Promise<CoreAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#over) return reject(new Interrupted());
      const id = this.#nextWish++;
      const timer = setTimeout(() => {
        if (!this.#wishes.delete(id)) return;
        // What the core did not get yet it does not get any more: it would be done although it is said that it is not.
        const at = this.#inputs.findIndex((input) => input.type === 'wish' && input.id === id);
        if (at >= 0) this.#inputs.splice(at, 1);
        reject(noAnswer());
      }, WISH);
      const settle = <T>(end: (value: T) => void) => (value: T) => {
        clearTimeout(timer);
        end(value);
      };
      this.#wishes.set(id, { call, resolve: settle(resolve), reject: settle(reject) });
      this.give({ type: 'wish', id, wish });
    });
  }

  /** Waits until no request is under way. */
  async quiet(): Promise<void> {
    while (this.#requests.size > 0) await Promise.all(this.#requests);
  }

  /**
   * Ends it; nothing more is begun. Wishes without an answer are given back as {@link Interrupted}. Resolves when what was
   * being written is written, or is not: only then may another core be opened on the same journal.
   */
  async end(): Promise<void> {
    if (!this.#over) this.#stop();
    await this.#step;
  }

  #stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#stream.close();
    for (const waiting of this.#wishes.values()) waiting.reject(new Interrupted());
    this.#wishes.clear();
  }

  #run(first?: () => CoreOutput[]): Promise<void> {
    this.#step ??= this.#work(first).finally(() => (this.#step = undefined));
    return this.#step;
  }

  async #work(first?: () => CoreOutput[]): Promise<void> {
    try {
      if (first) await this.#carryOut(first());
      while (!this.#over && this.#loads.length + this.#inputs.length > 0) {
        const input = (await this.#load()) ?? this.#inputs.shift();
        if (input && !this.#over) await this.#carryOut(this.#handle(input));
      }
      this.#setTimer();
    } catch (error) {
      if (this.#over) return;
      this.#stop();
      this.parts.ended(error);
    }
  }

  async #load(): Promise<CoreInput | undefined> {
    const scope = this.#loads.shift();
    return scope && { type: 'loaded', scope, records: await this.parts.journal.read(scope) };
  }

  #handle(input: CoreInput): CoreOutput[] {
    try {
      return guarded(() => this.machine.handle(input, Date.now()));
    } catch (error) {
      // A malformed wish has changed nothing, and concerns nobody but who had it.
      if (input.type !== 'wish' || error instanceof CorePanic) throw error;
      this.#take(input.id)?.reject(error);
      return [];
    }
  }

  /** Neighbouring `persist`s share a transaction. */
  async #carryOut(outputs: CoreOutput[]): Promise<void> {
    const outcomes = this.#outcomes(outputs);
    let batches: Batch[] = [];
    const write = async (): Promise<void> => {
      if (batches.length === 0) return;
      try {
        await this.parts.journal.write(batches, outcomes.splice(0), () => this.#over);
      } catch (error) {
        // Who wished for what could not be written is told so; other wishes go on when the core is open again.
        for (const output of outputs) {
          const id = output.type === 'event' ? wishOf(output.event) : undefined;
          if (id !== undefined) this.#take(id)?.reject(error);
        }
        throw error;
      }
      batches = [];
    };
    for (const output of outputs) {
      if (this.#over) return;
      if (output.type === 'persist') {
        batches.push(output);
      } else {
        await write();
        if (this.#over) return;
        await this.#begin(output);
      }
    }
    if (!this.#over) await write();
  }

  /** What these outputs say of calls and of queued wishes, to be stored with what they write. */
  #outcomes(outputs: CoreOutput[]): Noted[] {
    return outputs.flatMap((output): Noted[] => {
      if (output.type !== 'event') return [];
      const { event } = output;
      switch (event.type) {
        case 'wishDone':
        case 'wishFailed': {
          const call = this.#wishes.get(event.wish)?.call;
          if (call === undefined) return [];
          const { code, text } = event.type === 'wishFailed' ? event : { code: 'other' as const, text: '' };
          return [['call', call, event.type === 'wishDone' ? { done: event.answer } : { failed: { code, text } }]];
        }
        default: {
          const ended = endOf(event);
          return ended ? [['object', ...ended]] : [];
        }
      }
    });
  }

  async #begin(output: Exclude<CoreOutput, { type: 'persist' }>): Promise<void> {
    switch (output.type) {
      case 'dropBlob':
        await this.parts.spool.drop(output.blob);
        break;
      case 'request':
        this.#request(output);
        break;
      case 'openStream':
        this.#token = output.token;
        this.#stream.open(output.token);
        break;
      case 'load':
        this.#loads.push(output.scope);
        break;
      case 'event':
        this.#tell(output.event);
        break;
      case 'wakeAt':
        this.#wakeAt = output.at;
    }
  }

  #request(request: Request): void {
    const underWay = this.#carry(request).finally(() => this.#requests.delete(underWay));
    this.#requests.add(underWay);
  }

  async #carry(request: Request): Promise<void> {
    let sealed: Bytes | undefined;
    if (request.bytes && 'send' in request.bytes) {
      const { blob, offset, length } = request.bytes.send;
      sealed = await this.parts.spool.read(blob, offset, length).catch(() => undefined);
      if (!sealed) return this.give({ type: 'unreachable', request: request.id, error: 'spoolLost' });
    }
    this.give(await this.parts.transport.carry(request, sealed));
  }

  #tell(event: CoreEvent): void {
    switch (event.type) {
      case 'wishDone':
        this.#take(event.wish)?.resolve(event.answer);
        break;
      case 'wishFailed':
        this.#take(event.wish)?.reject(new InfrasoundError(codeOf(event), event.text));
        break;
      default:
        this.parts.tell(event);
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#wishes.get(id);
    this.#wishes.delete(id);
    return waiting;
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    if (this.#over || this.#wakeAt === undefined) return;
    const sleep = Math.min(Math.max(this.#wakeAt - Date.now(), 0), LONGEST_SLEEP);
    this.#timer = setTimeout(() => {
      if (this.#wakeAt !== undefined && this.#wakeAt <= Date.now()) {
        this.#wakeAt = undefined;
        this.give({ type: 'wake' });
      } else {
        this.#setTimer();
      }
    }, sleep);
  }
}

/** The host ended before the wish did: it is to be done again. */
export class Interrupted extends Error {}

function wishOf(event: CoreEvent): number | undefined {
  return event.type === 'wishDone' || event.type === 'wishFailed' ? event.wish : undefined;
}

function noAnswer(): InfrasoundError {
  return new InfrasoundError('unreachable', 'there was no answer in time: try later');
}
