/**
 * A push service, which browsers have from their makers: it takes what a relay sends for a device. The other end, the
 * device's, looks at each message as the standards want it (RFC 8030, 8188, 8291, 8292), with none of our own code.
 */

import assert from 'node:assert/strict';
import { createECDH, randomBytes, webcrypto } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { decrypt } from 'http_ece';

import { afterwards } from './afterwards.ts';

const DAY = 24 * 60 * 60;

/** What a relay sent. */
export interface Pushed {
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export class PushService {
  readonly #devices = new Map<string, PushedDevice>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((incoming, response) => {
      void this.#take(incoming, response).catch(() => response.destroy());
    });
  }

  static async open(): Promise<PushService> {
    const service = new PushService();
    await new Promise<void>((resolve) => service.#server.listen(0, '127.0.0.1', resolve));
    afterwards(() => service.#close());
    return service;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Somebody's browser. */
  device(): PushedDevice {
    const path = `/send/${this.#devices.size}`;
    const device = new PushedDevice(this.origin + path);
    this.#devices.set(path, device);
    return device;
  }

  async #take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const device = incoming.method === 'POST' ? this.#devices.get(incoming.url ?? '') : undefined;
    const pieces: Buffer[] = [];
    for await (const piece of incoming) pieces.push(piece as Buffer);
    device?.pushed.push({ headers: incoming.headers, body: Buffer.concat(pieces) });
    response.writeHead(device ? 201 : 404).end();
  }

  async #close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export class PushedDevice {
  readonly pushed: Pushed[] = [];
  /** As `toJSON` of a browser's subscription gives it. */
  readonly subscription: { endpoint: string; keys: { p256dh: string; auth: string } };
  readonly #key = createECDH('prime256v1');
  readonly #auth = randomBytes(16);

  constructor(endpoint: string) {
    const p256dh = this.#key.generateKeys('base64url');
    this.subscription = { endpoint, keys: { p256dh, auth: this.#auth.toString('base64url') } };
  }

  /** Opens a message for this device, which must be from whom the browser was told of when it subscribed. */
  async open({ headers, body }: Pushed, relayKey: string): Promise<unknown> {
    assert.deepEqual([headers['ttl'], headers['urgency'], headers['topic']], [String(DAY), 'high', 'infrasound']);
    assert.equal(headers['content-encoding'], 'aes128gcm');
    const { token, key } = authorization(headers.authorization);
    assert.equal(key, relayKey, 'the relay has the key that it says');
    const { aud, exp } = await claims(token, key);
    assert.equal(aud, new URL(this.subscription.endpoint).origin);
    const now = Date.now() / 1000;
    assert.ok(exp > now && exp <= now + DAY, `the token is good until ${exp}`);
    const opened = decrypt(body, { version: 'aes128gcm', privateKey: this.#key, authSecret: this.#auth });
    return JSON.parse(opened.toString()) as unknown;
  }
}

function authorization(header = ''): { token: string; key: string } {
  const [, token, key] = /^vapid t=([\w.-]+), *k=([\w-]+)$/.exec(header) ?? [];
  assert.ok(token !== undefined && key !== undefined, `this is no authorization by VAPID: ${header}`);
  return { token, key };
}

/** What a token says that was signed with this key. */
async function claims(token: string, key: string): Promise<{ aud: string; exp: number }> {
  const [head = '', said = '', signature = ''] = token.split('.');
  const { alg } = part(head) as { alg: string };
  assert.equal(alg, 'ES256');
  const { subtle } = webcrypto;
  const raw = Buffer.from(key, 'base64url');
  const publicKey = await subtle.importKey('raw', raw, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
  const signed = Buffer.from(`${head}.${said}`);
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  assert.ok(await subtle.verify(algorithm, publicKey, Buffer.from(signature, 'base64url'), signed), 'the relay signed it');
  return part(said) as { aud: string; exp: number };
}

function part(encoded: string): unknown {
  return JSON.parse(Buffer.from(encoded, 'base64url').toString());
}
