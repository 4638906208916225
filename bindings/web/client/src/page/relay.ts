/** What a page asks of the relay without being a device. */

import { InfrasoundError } from '../error.js';
import { Transport, reasonOf, type RelayResponse, type Request } from '../shared/transport.js';

interface Problem {
  type: string;
  title: string;
  detail: string;
}

export class Relay {
  readonly #transport: Transport;

  constructor(url: string, closed: AbortSignal) {
    this.#transport = new Transport(url, closed);
  }

  async get<T>(path: string): Promise<T> {
    return this.#json<T>({ method: 'GET', path });
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    return this.#json<T>({ method: 'POST', path, body: new TextEncoder().encode(JSON.stringify(body)) });
  }

  async #json<T>(request: Omit<Request, 'type' | 'id'>): Promise<T> {
    let response: RelayResponse;
    try {
      response = await this.#transport.request(request);
    } catch (error) {
      const text = `the relay cannot be reached (${reasonOf(error)}): check its URL, or try later`;
      throw new InfrasoundError('unreachable', text, { cause: error });
    }
    const answer = parse(response);
    if (response.status >= 200 && response.status < 300 && answer !== undefined) return answer as T;
    if (isProblem(answer)) throw refused(answer);
    const text = `what answers there is not an Infrasound relay (HTTP status ${response.status})`;
    throw new InfrasoundError('not-a-relay', text);
  }
}

function parse({ body }: RelayResponse): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

function isProblem(answer: unknown): answer is Problem {
  return typeof answer === 'object' && answer !== null && 'type' in answer && 'detail' in answer && 'title' in answer;
}

function refused({ type, title, detail }: Problem): InfrasoundError {
  const text = detail || title;
  switch (type.replace('urn:infrasound:problem:', '')) {
    case 'instance-unreachable':
    case 'unavailable':
    case 'storage-full':
    case 'rate-limited':
      return new InfrasoundError('unreachable', text);
    case 'account-has-devices':
      return new InfrasoundError('account-has-devices', text);
    default:
      return new InfrasoundError('refused', text);
  }
}
