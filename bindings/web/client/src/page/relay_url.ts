/** Where the relay is: a base URL, with `http` only where nobody is in between. */

import { InfrasoundError } from '../error.js';

/** Reads a relay's URL, and gives it without a slash at the end. */
export function parseRelayUrl(text: string | URL): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    throw notARelay("a relay's URL looks like https://relay.example", error);
  }
  const isPlain = !url.username && !url.password && !url.search && !url.hash;
  if (!isPlain || !(url.protocol === 'https:' || url.protocol === 'http:')) {
    throw notARelay("a relay's URL looks like https://relay.example, without a query, a fragment or a password");
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw notARelay('http:// is accepted for this machine only; use https://');
  }
  return url.href.replace(/\/+$/, '');
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d+){3}$/.test(host);
}

function notARelay(text: string, cause?: unknown): InfrasoundError {
  return new InfrasoundError('not-a-relay', text, { cause });
}
