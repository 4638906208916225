/** Connects a page, or a worker, to the device of this browser. */

import type { Client, ConnectOptions } from './api.js';
import { InfrasoundError, fromPlain } from './error.js';
import { TabClient } from './page/client.js';
import { Line } from './page/line.js';
import { parseRelayUrl } from './page/relay_url.js';
import type { Begin, Broken } from './shared/wire.js';

/** A worker that failed is replaced after so long; twice as long each time it fails again soon. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 60_000;
/** A worker that lived for so long was all right. */
const LONG_LIFE = 60_000;

/**
 * Connects to the device of this browser, whichever of its tabs holds it. Resolves when it is known whether there is one:
 * see `status`. A device of another relay can only be signed out from here.
 */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  checkBrowser();
  const relay = parseRelayUrl(options.relay ?? self.location.origin);
  const store = options.store ?? 'infrasound';
  const line = new Line(store, relay);
  const workers = new Workers(store, options, line);
  const stopWaking = wakeWith(line);
  const client = new TabClient(line, relay, () => {
    stopWaking();
    workers.end();
  });
  for await (const { phase } of client.watchStatus()) if (phase !== 'starting') break;
  return client;
}

function checkBrowser(): void {
  const missing = [
    ['secure connections (https)', self.isSecureContext],
    ['IndexedDB', 'indexedDB' in self],
    ['WebAssembly', 'WebAssembly' in self],
    ['Web Locks', 'locks' in navigator],
    ['BroadcastChannel', 'BroadcastChannel' in self],
    ['AbortSignal.any', 'any' in AbortSignal],
  ].flatMap(([name, isThere]) => (isThere ? [] : [name]));
  if (missing.length > 0) {
    throw new InfrasoundError('unsupported-browser', `this browser, or this page, does not have: ${missing.join(', ')}`);
  }
}

/** This tab's worker, and the next one when it is of no more use. */
class Workers {
  #worker: Worker | undefined;
  #pause = FIRST_PAUSE;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(
    private readonly store: string,
    private readonly options: ConnectOptions,
    private readonly line: Line,
  ) {
    this.#begin();
  }

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#worker?.terminate();
  }

  #begin(): void {
    const began = Date.now();
    const worker = makeWorker(this.options.workerUrl);
    this.#worker = worker;
    worker.addEventListener('message', ({ data }: MessageEvent<Broken>) => {
      if (data.type === 'broken') this.#replace(worker, began, fromPlain(data.error), data.led);
    });
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      const text = `the worker failed: ${event.message || 'its script cannot be loaded'}`;
      this.#replace(worker, began, new InfrasoundError('internal', text), false);
    });
    const begin: Begin = { type: 'begin', store: this.store };
    const { wasmUrl } = this.options;
    worker.postMessage(wasmUrl === undefined ? begin : { ...begin, wasmUrl: String(wasmUrl) });
  }

  #replace(worker: Worker, began: number, error: InfrasoundError, led: boolean): void {
    if (this.#isOver || worker !== this.#worker) return;
    worker.terminate();
    this.#worker = undefined;
    if (Date.now() - began > LONG_LIFE) this.#pause = FIRST_PAUSE;
    // A leader whose term was over has another one after it.
    if (error.code !== 'closed') this.line.fail(error, led);
    this.#timer = setTimeout(() => this.#begin(), this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }
}

function makeWorker(url: string | URL | undefined): Worker {
  // Bundlers know this form, and bring the worker along.
  if (url === undefined) return new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  const absolute = new URL(url, self.location.href);
  if (absolute.origin === self.location.origin) return new Worker(absolute, { type: 'module' });
  // A worker's script must be of the page's origin; what it imports need not.
  const script = new Blob([`import ${JSON.stringify(absolute.href)};`], { type: 'text/javascript' });
  const trampoline = URL.createObjectURL(script);
  const worker = new Worker(trampoline, { type: 'module' });
  setTimeout(() => URL.revokeObjectURL(trampoline), LONG_LIFE);
  return worker;
}

/** Tells the leader when the network is back, or when somebody looks. */
function wakeWith(line: Line): () => void {
  const wake = (): void => line.wake();
  const seen = (): void => {
    if (document.visibilityState === 'visible') wake();
  };
  const back = (): void => line.hello();
  self.addEventListener('online', wake);
  self.addEventListener('pageshow', back);
  if ('document' in self) document.addEventListener('visibilitychange', seen);
  return () => {
    self.removeEventListener('online', wake);
    self.removeEventListener('pageshow', back);
    if ('document' in self) document.removeEventListener('visibilitychange', seen);
  };
}
