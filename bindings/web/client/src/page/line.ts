/** A tab's line to the leader: calls and their answers, notices, and who leads. See `shared/wire.ts`. */

import type { Status } from '../api.js';
import { InfrasoundError, aborted, closed, fromPlain, toPlain } from '../error.js';
import { makeId } from '../shared/bytes.js';
import {
  channelToAll,
  channelToLeader,
  channelToTab,
  WIRE,
  otherVersion,
  type Call,
  type CallId,
  type CallName,
  type Calls,
  type Leads,
  type Notice,
  type ToAll,
  type ToLeader,
  type ToTab,
} from '../shared/wire.js';

/** A call during which so many leaders failed is what they fail at. */
const MOST_TERMS = 4;

export interface Extra {
  onProgress?: ((done: number, total: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** An answer, and the number of the last notice before it. */
export interface Answered<T> {
  answer: T;
  seq: number;
}

interface Waiting {
  call: Call;
  terms: number;
  signal: AbortSignal | undefined;
  onProgress: ((done: number, total: number) => void) | undefined;
  resolve: (answered: Answered<unknown>) => void;
  reject: (error: InfrasoundError) => void;
}

export class Line {
  readonly #tab = makeId();
  readonly #toLeader: BroadcastChannel;
  readonly #toTab: BroadcastChannel;
  readonly #toAll: BroadcastChannel;
  readonly #waiting = new Map<CallId, Waiting>();
  readonly #statusListeners = new Set<() => void>();
  readonly #noticeListeners = new Set<(notice: Notice, seq: number) => void>();
  readonly #termListeners = new Set<() => void>();
  #term: number | undefined;
  #status: Status = { phase: 'starting', online: true, caughtUp: false };
  /** Why there is no leader, if none has been heard of. */
  #failure: InfrasoundError | undefined;
  #isClosed = false;

  constructor(
    store: string,
    /** The relay that this page is for. */
    private readonly relay: string,
  ) {
    this.#toLeader = new BroadcastChannel(channelToLeader(store));
    this.#toTab = new BroadcastChannel(channelToTab(store, this.#tab));
    this.#toAll = new BroadcastChannel(channelToAll(store));
    this.#toTab.onmessage = ({ data }: MessageEvent<ToTab>) => this.#told(data);
    this.#toAll.onmessage = ({ data }: MessageEvent<ToAll>) => this.#heard(data);
    this.hello();
  }

  get status(): Status {
    const elsewhere = this.#elsewhere(this.#status);
    return elsewhere ? { ...this.#status, phase: 'failed', error: toPlain(elsewhere) } : this.#status;
  }

  /** Asks the leader; if there is none just now, the next one. */
  async call<Name extends CallName>(
    name: Name,
    ask: Calls[Name]['ask'],
    { onProgress, signal, id = makeId() }: Extra & { id?: CallId } = {},
  ): Promise<Answered<Calls[Name]['answer']>> {
    if (this.#isClosed) throw closed();
    if (this.#failure) throw this.#failure;
    const elsewhere = this.#elsewhere(this.#status);
    // The way out.
    if (elsewhere && name !== 'signOut') throw elsewhere;
    if (signal?.aborted) throw aborted();
    const give = (): void => {
      // One that no leader has got ends here; the leader that has it says how far it came.
      if (this.#waiting.get(id)?.terms === 0) this.#take(id)?.reject(aborted());
      else this.#tell({ type: 'abort', id });
    };
    try {
      return await new Promise<Answered<unknown>>((resolve, reject) => {
        // The name and what it asks belong together, which TypeScript does not see through the generic.
        const call = { name, ask } as Call;
        this.#waiting.set(id, { call, terms: 0, signal, onProgress, resolve, reject });
        signal?.addEventListener('abort', give);
        this.#send(id);
      }) as Answered<Calls[Name]['answer']>;
    } finally {
      signal?.removeEventListener('abort', give);
    }
  }

  /** Asks who leads: what was said while this page was frozen was not heard. */
  hello(): void {
    this.#tell({ type: 'hello', tab: this.#tab });
  }

  /** The network may be back, or somebody looks. */
  wake(): void {
    this.#tell({ type: 'wake' });
  }

  onStatus(changed: () => void): () => void {
    this.#statusListeners.add(changed);
    return () => this.#statusListeners.delete(changed);
  }

  onNotice(heard: (notice: Notice, seq: number) => void): () => void {
    this.#noticeListeners.add(heard);
    return () => this.#noticeListeners.delete(heard);
  }

  /** Another leader has taken over: notices may have been missed. */
  onTerm(began: () => void): () => void {
    this.#termListeners.add(began);
    return () => this.#termListeners.delete(began);
  }

  /** This tab's worker cannot stand for election. If none has led so far, nobody answers. */
  fail(error: InfrasoundError, led: boolean): void {
    // Another tab leads, and goes on.
    if (this.#term !== undefined && !led) return;
    if (this.#term !== undefined) this.#setStatus({ ...this.#status, phase: 'failed', error: toPlain(error) });
    else this.#leaderless(error);
  }

  close(): void {
    this.#isClosed = true;
    for (const { reject } of this.#waiting.values()) reject(closed());
    this.#waiting.clear();
    for (const channel of [this.#toLeader, this.#toTab, this.#toAll]) channel.close();
  }

  #send(id: CallId): void {
    const waiting = this.#waiting.get(id);
    if (!waiting || this.#term === undefined) return;
    const again = waiting.terms > 0;
    waiting.terms += 1;
    try {
      this.#tell({ type: 'call', wire: WIRE, tab: this.#tab, term: this.#term, id, again, call: waiting.call });
    } catch (error) {
      this.#take(id)?.reject(new InfrasoundError('internal', 'this cannot be sent to the worker', { cause: error }));
    }
  }

  #told(message: ToTab): void {
    switch (message.type) {
      case 'leads':
        this.#follow(message);
        break;
      case 'answer':
        this.#take(message.id)?.resolve({ answer: message.answer, seq: message.seq });
        break;
      case 'refused':
        this.#take(message.id)?.reject(fromPlain(message.error));
        break;
      case 'progress':
        this.#waiting.get(message.id)?.onProgress?.(message.done, message.total);
    }
  }

  #heard(message: ToAll): void {
    if (message.type === 'leads') return this.#follow(message);
    // What is heard of a leader before it says that it leads comes again with that.
    if (message.term !== this.#term) return;
    if (message.notice.type === 'status') this.#setStatus(message.notice.status);
    for (const heard of this.#noticeListeners) heard(message.notice, message.seq);
  }

  /** Until one leads that can be followed, nothing can be asked. */
  #leaderless(error: InfrasoundError): void {
    this.#term = undefined;
    this.#failure = error;
    this.#setStatus({ ...this.#status, phase: 'failed', error: toPlain(error) });
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #follow({ wire, term, status }: Leads): void {
    if (this.#term !== undefined && term < this.#term) return;
    if (wire !== WIRE) return this.#leaderless(otherVersion(WIRE, wire));
    const isNew = term !== this.#term;
    this.#term = term;
    this.#failure = undefined;
    this.#setStatus(status);
    if (!isNew) return;
    for (const [id, { terms, signal, reject }] of this.#waiting) {
      if (terms > 0 && signal?.aborted) {
        // The leader that was told is gone.
        this.#waiting.delete(id);
        reject(aborted());
      } else if (terms < MOST_TERMS) {
        this.#send(id);
      } else {
        this.#waiting.delete(id);
        reject(new InfrasoundError('internal', 'this makes the client fail, again and again'));
      }
    }
    for (const began of this.#termListeners) began();
  }

  /** Why this page cannot use a device, if that is of another relay. */
  #elsewhere({ relay }: Status): InfrasoundError | undefined {
    if (this.#failure || relay === undefined || relay === this.relay) return undefined;
    const text = `this browser is signed in at ${relay}, and not at ${this.relay}: sign out, or give connect() another \`store\``;
    return new InfrasoundError('other-instance', text);
  }

  #setStatus(status: Status): void {
    this.#status = status;
    for (const changed of this.#statusListeners) changed();
  }

  #take(id: CallId): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (!waiting) return undefined;
    this.#waiting.delete(id);
    this.#tell({ type: 'have', id });
    return waiting;
  }

  #tell(message: ToLeader): void {
    if (!this.#isClosed) this.#toLeader.postMessage(message);
  }
}
