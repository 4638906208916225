/**
 * A site that serves the client package, and the relay's API on the same origin: what is in between can fail as a network
 * does.
 */

import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

import { afterwards } from './afterwards.ts';
import { environment } from './environment.ts';

const TYPES: Record<string, string> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'; img-src 'self' blob: data:";

/** What is done with a request before the relay gets it: nothing, or what the test has in mind. */
export type Meddle = (request: IncomingMessage, response: ServerResponse) => Promise<'pass' | 'done'> | 'pass' | 'done';

export class Site {
  /** Looked at for each request of the API. */
  meddle: Meddle | undefined;
  /** Whether the answer of the relay to a request gets lost on its way. */
  loseAnswers: ((request: IncomingMessage) => boolean) | undefined;
  readonly #server: Server;

  private constructor(
    private readonly folders: Map<string, string>,
    private readonly policy: string,
  ) {
    this.#server = createServer((incoming, response) => {
      void this.#serve(incoming, response).catch(() => response.destroy());
    });
  }

  /** `folders` are served by the first part of the path; `/` is an empty page, and `/v1` the relay. */
  static async open(folders: Record<string, string> = {}, policy = POLICY): Promise<Site> {
    const site = new Site(new Map([['client', environment.client], ...Object.entries(folders)]), policy);
    await new Promise<void>((resolve) => site.#server.listen(0, '127.0.0.1', resolve));
    afterwards(() => site.close());
    return site;
  }

  get base(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What is under way ends without an answer. */
  breakConnections(): void {
    this.#server.closeAllConnections();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(incoming.url ?? '/', this.base);
    if (/^\/(v1|api|\.well-known)\//.test(pathname)) {
      if ((await this.meddle?.(incoming, response)) === 'done') return;
      return pass(incoming, response, this.loseAnswers?.(incoming) ?? false);
    }
    this.#file(pathname, response);
  }

  #file(pathname: string, response: ServerResponse): void {
    response.setHeader('content-security-policy', this.policy);
    response.setHeader('cache-control', 'no-store');
    response.setHeader('access-control-allow-origin', '*');
    const [, first = '', ...rest] = normalize(pathname).split('/');
    const folder = this.folders.get(first);
    if (!folder) {
      const isPage = pathname === '/' || pathname.endsWith('.html');
      response.writeHead(isPage ? 200 : 404, { 'content-type': 'text/html; charset=utf-8' });
      response.end('<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Infrasound</title><body></body></html>');
      return;
    }
    const path = join(folder, ...rest, pathname.endsWith('/') ? 'index.html' : '');
    if (!existsSync(path) || !statSync(path).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' });
    createReadStream(path).pipe(response);
  }
}

/** Hands a request on to the relay, and its answer back as it comes. */
function pass(incoming: IncomingMessage, response: ServerResponse, loseAnswer: boolean): void {
  const { hostname, port } = new URL(environment.relay);
  const onward = request(
    { hostname, port, method: incoming.method, path: incoming.url, headers: { ...incoming.headers, host: `${hostname}:${port}` } },
    (answer) => {
      if (loseAnswer) {
        answer.resume();
        response.destroy();
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  incoming.pipe(onward);
}
