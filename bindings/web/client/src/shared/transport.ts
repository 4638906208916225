/** Requests to the relay: bounded in time and size, no redirects, no cookies. */

import type { Bytes } from './bytes.js';
import type { CoreInput, CoreOutput, TransportError } from './core_types.js';

/** The longest answer that is read, as `infrasound_core::output::MAX_RESPONSE` has it. */
export const MAX_RESPONSE = 8 * 1024 * 1024;
const ANSWER = 30_000;
/** The relay sends a comment every 20 seconds. */
const SILENCE = 60_000;

export type Request = Extract<CoreOutput, { type: 'request' }>;
export interface RelayResponse {
  status: number;
  retryAfter: number | undefined;
  body: Bytes;
}

/** There was no answer, and why. */
export class NoAnswer extends Error {
  constructor(readonly reason: TransportError) {
    super(`no answer: ${reason}`);
  }
}

const COMMON: RequestInit = {
  cache: 'no-store',
  credentials: 'omit',
  redirect: 'error',
  referrerPolicy: 'no-referrer',
};

export class Transport {
  constructor(
    /** The relay's base URL, without a slash at the end. */
    readonly relay: string,
    /** Ends everything that is under way. */
    private readonly ended: AbortSignal,
  ) {}

  /** Carries a request of the core, and gives what the core is told of it. */
  async carry(request: Request, sealed: Bytes | undefined): Promise<CoreInput> {
    try {
      const { status, retryAfter, body } = await this.request(request, sealed);
      const input: CoreInput = { type: 'response', request: request.id, status, body };
      return retryAfter === undefined ? input : { ...input, retryAfter };
    } catch (error) {
      return { type: 'unreachable', request: request.id, error: reasonOf(error) };
    }
  }

  /** Makes a request and reads the whole answer. */
  async request(request: Omit<Request, 'type' | 'id'>, sealed?: Bytes): Promise<RelayResponse> {
    const headers = authorized(request.token);
    let body: Bytes | undefined;
    if (request.body) {
      headers.set('content-type', 'application/json');
      body = request.body as Bytes;
    }
    if (request.bytes && 'fetch' in request.bytes) {
      const { offset, length } = request.bytes.fetch;
      headers.set('range', `bytes=${offset}-${offset + length - 1}`);
    } else if (request.bytes) {
      headers.set('upload-offset', String(request.bytes.send.offset));
      headers.set('content-type', 'application/octet-stream');
      body = sealed;
    }
    const signal = AbortSignal.any([this.ended, AbortSignal.timeout(ANSWER)]);
    const init: RequestInit = { ...COMMON, method: request.method, headers, signal };
    const response = await fetch(this.relay + request.path, body ? { ...init, body } : init);
    return {
      status: response.status,
      retryAfter: number(response.headers.get('retry-after')),
      body: await readAll(response),
    };
  }

  /** Opens a stream of server-sent events after the event with this id, and gives its bytes. Silence ends it. */
  async *stream(
    path: string,
    token: string,
    lastEventId: string | undefined,
    ended: AbortSignal,
    opened: () => void,
  ): AsyncGenerator<Uint8Array, void> {
    const headers = authorized(token);
    headers.set('accept', 'text/event-stream');
    if (lastEventId !== undefined) headers.set('last-event-id', lastEventId);
    const silence = new AbortController();
    const tooQuiet = (): void => silence.abort(new NoAnswer('timedOut'));
    let timer = setTimeout(tooQuiet, ANSWER);
    try {
      const signal = AbortSignal.any([this.ended, ended, silence.signal]);
      const response = await fetch(this.relay + path, { ...COMMON, headers, signal });
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
      if (response.status !== 200 || !isStream || !response.body) {
        await response.body?.cancel();
        throw new NoAnswer('unreachable');
      }
      opened();
      const reader = response.body.getReader();
      for (;;) {
        clearTimeout(timer);
        timer = setTimeout(tooQuiet, SILENCE);
        const { done, value } = await reader.read();
        if (done) return;
        yield value;
      }
    } finally {
      clearTimeout(timer);
      // Whoever stops reading wants no more of it.
      silence.abort();
    }
  }
}

/** A browser does not say whether a certificate was bad: that is `unreachable` too. */
export function reasonOf(error: unknown): TransportError {
  if (error instanceof NoAnswer) return error.reason;
  return error instanceof DOMException && error.name === 'TimeoutError' ? 'timedOut' : 'unreachable';
}

function authorized(token: string | undefined): Headers {
  return new Headers(token === undefined ? {} : { authorization: `Bearer ${token}` });
}

async function readAll(response: Response): Promise<Bytes> {
  // What the header promises is not trusted, but spares reading what is too long anyway.
  if ((number(response.headers.get('content-length')) ?? 0) > MAX_RESPONSE) {
    await response.body?.cancel();
    throw new NoAnswer('tooLong');
  }
  if (!response.body) return new Uint8Array();
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = response.body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    length += read.value.length;
    if (length > MAX_RESPONSE) {
      await reader.cancel();
      throw new NoAnswer('tooLong');
    }
    pieces.push(read.value);
  }
  const all = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    all.set(piece, offset);
    offset += piece.length;
  }
  return all;
}

function number(text: string | null): number | undefined {
  return text !== null && /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : undefined;
}
