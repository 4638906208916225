/** What a page asks of the relay, and of its instance, without being a device. */

import type { PersonHit } from '../api.js';
import { InfrasoundError } from '../error.js';
import { Transport, reasonOf, type RelayResponse } from '../shared/transport.js';

interface Problem {
  type: string;
  title: string;
  detail: string;
}

interface RelayInfo {
  instance: string;
}

/** An account as Mastodon's API has it; of a server that need not be one. */
interface MastodonAccount {
  acct?: unknown;
  display_name?: unknown;
  avatar?: unknown;
}

const SUGGESTIONS = 8;

export class Relay {
  readonly #transport: Transport;
  #info: Promise<RelayInfo> | undefined;

  constructor(
    readonly url: string,
    private readonly closed: AbortSignal,
  ) {
    this.#transport = new Transport(url, closed);
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    return this.#json<T>('POST', path, new TextEncoder().encode(JSON.stringify(body)));
  }

  /** People whose name or handle begins so, as the instance's own search has it; none where it offers none. */
  async searchPeople(query: string, signal: AbortSignal | undefined): Promise<PersonHit[]> {
    const q = query.trim().replace(/^@/, '');
    if (q === '') return [];
    this.#info ??= this.#json<RelayInfo>('GET', '/v1/relay').catch((error: unknown) => {
      this.#info = undefined;
      throw error;
    });
    try {
      const { instance } = await this.#info;
      const url = new URL('/api/v2/search', instance);
      url.search = new URLSearchParams({ q, type: 'accounts', limit: String(SUGGESTIONS) }).toString();
      const response = await fetch(url, {
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        signal: signal ? AbortSignal.any([this.closed, signal]) : this.closed,
      });
      if (!response.ok) return [];
      return hits(await response.json(), url.host);
    } catch (error) {
      if (signal?.aborted) throw new InfrasoundError('aborted', 'this was given up', { cause: error });
      return [];
    }
  }

  async #json<T>(method: 'GET' | 'POST', path: string, body?: Uint8Array): Promise<T> {
    let response: RelayResponse;
    try {
      response = await this.#transport.request(body ? { method, path, body } : { method, path });
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

function hits(answer: unknown, host: string): PersonHit[] {
  const accounts = (answer as { accounts?: unknown } | null)?.accounts;
  if (!Array.isArray(accounts)) return [];
  return accounts.slice(0, SUGGESTIONS).flatMap((account: MastodonAccount): PersonHit[] => {
    const { acct, display_name: name, avatar } = account;
    if (typeof acct !== 'string' || acct === '') return [];
    const handle = `@${acct.includes('@') ? acct : `${acct}@${host}`}`;
    const hit: PersonHit = { handle, displayName: typeof name === 'string' && name !== '' ? name : acct };
    return [typeof avatar === 'string' ? { ...hit, avatar } : hit];
  });
}
