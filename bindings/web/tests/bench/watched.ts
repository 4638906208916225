/**
 * Somebody's core in this worker: the module that ships, under the npm package's own host, journal and transport. What each
 * does is timed; nothing is left out.
 */

import { loadCore, openCore, type Core } from '../../client/src/worker/core.ts';
import { Database } from '../../client/src/worker/database.ts';
import { Host } from '../../client/src/worker/host.ts';
import { Journal, type Batch, type Noted } from '../../client/src/worker/journal.ts';
import { Spool } from '../../client/src/worker/spool.ts';
import { Vault } from '../../client/src/worker/vault.ts';
import type { Bytes } from '../../client/src/shared/bytes.ts';
import type { CoreEvent, CoreInput, CoreOutput } from '../../client/src/shared/core_types.ts';
import { Transport, type Request } from '../../client/src/shared/transport.ts';

/** A span of time, in milliseconds. */
export interface Span {
  begin: number;
  end: number;
}

/** What bench-web has written of a device. */
interface Stored {
  key: string;
  records: [string, string, string][];
}

export class Watched {
  /** Calls of the core. */
  readonly calls: (Span & { input: CoreInput })[] = [];
  /** Writes of the journal, each until it is durable. */
  readonly writes: Span[] = [];
  /** Requests, when they leave. */
  readonly requests: { id: number; path: string; at: number }[] = [];
  readonly events: CoreEvent[] = [];
  #host!: Host<Core>;
  #look: () => void = () => undefined;
  readonly #ended = new AbortController();

  /** Copies somebody's records into a store of this browser, and opens it. */
  static async open(name: string, relay: string): Promise<Watched> {
    await loadCore('/core.wasm');
    const stored = (await (await fetch(`/${name}.json`)).json()) as Stored;
    const database = await Database.open(name, () => undefined);
    await database.beginTerm();
    const isNew = (await new Journal(database, await Vault.make()).root()).length === 0;
    if (isNew) {
      await database.write(['records'], (store) => {
        for (const [scope, name, value] of stored.records) {
          store('records').put(bytes(value), [bytes(scope), bytes(name)] as IDBValidKey);
        }
      });
    }
    const watched = new Watched();
    await watched.#open(database, bytes(stored.key), relay);
    return watched;
  }

  async #open(database: Database, key: Bytes, relay: string): Promise<void> {
    const { calls, writes, requests } = this;
    class TimedJournal extends Journal {
      override async write(batches: Batch[], outcomes: Noted[], isOver: () => boolean): Promise<void> {
        const begin = performance.now();
        await super.write(batches, outcomes, isOver);
        writes.push({ begin, end: performance.now() });
      }
    }
    class TimedTransport extends Transport {
      override carry(request: Request, sealed: Bytes | undefined): Promise<CoreInput> {
        requests.push({ id: request.id, path: request.path, at: performance.now() });
        return super.carry(request, sealed);
      }
    }
    const journal = new TimedJournal(database, await Vault.make());
    const core = openCore(key, await journal.root());
    const machine: Core = {
      outputs: () => core.outputs(),
      handle(input: CoreInput, now: number): CoreOutput[] {
        const begin = performance.now();
        const outputs = core.handle(input, now);
        calls.push({ begin, end: performance.now(), input });
        return outputs;
      },
      look: () => core.look(),
      standing: () => core.standing(),
      conversation: (id) => core.conversation(id),
      conversationWith: (handle) => core.conversationWith(handle),
      free: () => core.free(),
    };
    this.#host = new Host({
      machine,
      journal,
      transport: new TimedTransport(relay, this.#ended.signal),
      spool: new Spool(database),
      tell: (event) => {
        this.events.push(event);
        this.#look();
      },
      ended: (error) => {
        throw error;
      },
    });
  }

  get host(): Host<Core> {
    return this.#host;
  }

  /** Waits for an event. What has come before counts. */
  async told(what: string, isIt: (event: CoreEvent) => boolean, limit = 60_000): Promise<void> {
    const timer = AbortSignal.timeout(limit);
    await new Promise<void>((resolve, reject) => {
      this.#look = () => {
        if (this.events.some(isIt)) resolve();
      };
      timer.onabort = () => reject(new Error(`not in time: ${what}; the last events: ${JSON.stringify(this.events.slice(-5))}`));
      this.#look();
    });
  }

  /** The time that spans take which lie between two moments. */
  static sum(spans: Span[], from: number, to: number): number {
    const inside = spans.filter(({ begin, end }) => begin >= from && end <= to);
    return inside.reduce((sum, { begin, end }) => sum + end - begin, 0);
  }

  async end(): Promise<void> {
    this.#ended.abort();
    await this.#host.end();
    this.#host.machine.free();
  }
}

function bytes(text: string): Bytes {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
