/**
 * The event stream: reads `GET /v1/stream` and tells the core what it brings.
 *
 * It ends by itself when the stream does; whether and when it is opened again is the core's decision.
 *
 * Spec: `relay-api.md` 10.
 */

import type { CoreInput, TransportError } from '../shared/core_types.js';
import { EventTooLong, Parser } from './server_sent_events.js';
import { reasonOf, type Transport } from '../shared/transport.js';

const PATH = '/v1/stream';

export class EventStream {
  #open: AbortController | undefined;
  /** The last event id that was seen since the host was started: streams resume after it. */
  #lastId: string | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly give: (input: CoreInput) => void,
  ) {}

  /** Opens the stream; one that is open is replaced, and what it still had to say is not heard. */
  open(token: string): void {
    this.#open?.abort();
    const open = new AbortController();
    this.#open = open;
    void this.#read(token, open.signal).then((error) => {
      if (!open.signal.aborted) this.give({ type: 'streamClosed', error });
    });
  }

  close(): void {
    this.#open?.abort();
  }

  async #read(token: string, ended: AbortSignal): Promise<TransportError> {
    const parser = new Parser();
    const opened = (): void => this.give({ type: 'streamOpened' });
    try {
      for await (const bytes of this.transport.stream(PATH, token, this.#lastId, ended, opened)) {
        for (const { data, id } of parser.push(bytes)) {
          if (ended.aborted) break;
          this.give({ type: 'streamEvent', data });
          this.#lastId = id ?? this.#lastId;
        }
      }
      return 'unreachable';
    } catch (error) {
      return error instanceof EventTooLong ? 'tooLong' : reasonOf(error);
    }
  }
}
