/** Files and pictures of messages: which are here, which are on their way, how far. */
import type { Attachment, BlobId, ConversationHandle, ObjectId } from '@infrasound/client';

import { plainName } from '../text/name.ts';
import { Observable } from './observable.ts';
import { saveAs } from './save.ts';

/** Only what every browser draws by itself, and cannot run a script. */
const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);
const AT_ONCE = 4;
/** So many pictures are kept open; the longest unused goes first. */
const KEPT = 150;

/** An attachment whose bytes are where this version can fetch them. */
export type Fetchable = Attachment & { blob: BlobId; size: number };

interface Running { step: 'running'; done: number; total: number; controller: AbortController }
export type Transfer =
  | Running
  | { step: 'stopped'; done: number; total: number }
  | { step: 'failed'; error: unknown }
  | { step: 'done' };

export interface Upload { sent: number; total: number }

export class Files extends Observable {
  readonly transfers = new Map<BlobId, Transfer>();
  readonly uploads = new Map<ObjectId, Upload>();
  /** Counts the changes, for those that draw only what has changed. */
  revision = 0;
  readonly #pictures = new Map<BlobId, string>();
  readonly #asked = new Set<BlobId>();
  readonly #queue: (() => Promise<void>)[] = [];
  #running = 0;

  override changed(): void {
    this.revision++;
    super.changed();
  }

  static isFetchable(file: Attachment): file is Fetchable {
    return file.blob !== undefined && file.size !== undefined;
  }

  static isPicture(file: Attachment): boolean {
    return Files.isFetchable(file) && PICTURES.has(file.mediaType.toLowerCase());
  }

  /** An address for `<img>`, once the picture is here. Fetches it if it is not. */
  picture(handle: ConversationHandle, file: Fetchable): string | undefined {
    const url = this.#pictures.get(file.blob);
    if (url !== undefined) {
      this.#pictures.delete(file.blob);
      this.#pictures.set(file.blob, url);
      return url;
    }
    if (!this.#asked.has(file.blob)) {
      this.#asked.add(file.blob);
      this.#queue.push(async () => {
        try {
          this.keep(file, await handle.download(file));
        } catch (error) {
          this.transfers.set(file.blob, { step: 'failed', error });
          this.changed();
        }
      });
      this.#next();
    }
    return undefined;
  }

  /** Whether a picture is here or was asked for. */
  isAsked(file: Fetchable): boolean {
    return this.#asked.has(file.blob) || this.#pictures.has(file.blob);
  }

  /** Whether a picture was asked for and could not be had. */
  missing(file: Fetchable): boolean {
    return this.transfers.get(file.blob)?.step === 'failed';
  }

  retryPicture(handle: ConversationHandle, file: Fetchable): void {
    this.transfers.delete(file.blob);
    this.#asked.delete(file.blob);
    this.picture(handle, file);
    this.changed();
  }

  /** What could not be had is asked for again when it is next drawn: the network is back. */
  forgetFailures(): void {
    for (const [blob, { step }] of this.transfers) {
      if (step !== 'failed') continue;
      this.transfers.delete(blob);
      this.#asked.delete(blob);
    }
    this.changed();
  }

  /** Fetches a file and hands it to the browser to be saved. What was fetched before a stop is not fetched again. */
  async save(handle: ConversationHandle, file: Fetchable): Promise<void> {
    const blob = await this.#fetch(handle, file);
    if (!blob) return;
    // The type is not the sender's, so that no browser opens it as a page of ours.
    saveAs(new Blob([blob], { type: 'application/octet-stream' }), plainName(file.name));
  }

  stop(file: Fetchable): void {
    const transfer = this.transfers.get(file.blob);
    if (transfer?.step !== 'running') return;
    transfer.controller.abort();
    this.transfers.set(file.blob, { step: 'stopped', done: transfer.done, total: transfer.total });
    this.changed();
  }

  uploading(message: ObjectId, sent: number, total: number): void {
    if (total > 0 && sent >= total) this.uploads.delete(message);
    else this.uploads.set(message, { sent, total });
    this.changed();
  }

  ended(message: ObjectId): void {
    if (this.uploads.delete(message)) this.changed();
  }

  close(): void {
    for (const url of this.#pictures.values()) URL.revokeObjectURL(url);
    this.#pictures.clear();
    for (const transfer of this.transfers.values()) if (transfer.step === 'running') transfer.controller.abort();
  }

  keep(file: Fetchable, blob: Blob): void {
    const type = Files.isPicture(file) ? file.mediaType.toLowerCase() : 'application/octet-stream';
    this.#pictures.set(file.blob, URL.createObjectURL(new Blob([blob], { type })));
    for (const [old, url] of this.#pictures) {
      if (this.#pictures.size <= KEPT) break;
      this.#pictures.delete(old);
      this.#asked.delete(old);
      URL.revokeObjectURL(url);
    }
    // A failed one that is here after all is not missing any more.
    this.transfers.delete(file.blob);
    this.changed();
  }

  async #fetch(handle: ConversationHandle, file: Fetchable): Promise<Blob | undefined> {
    const controller = new AbortController();
    const transfer: Running = { step: 'running', done: 0, total: file.size, controller };
    this.transfers.set(file.blob, transfer);
    this.changed();
    const onProgress = (done: number, total: number) => {
      transfer.done = done;
      transfer.total = total;
      this.changed();
    };
    try {
      const blob = await handle.download(file, { onProgress, signal: controller.signal });
      this.transfers.set(file.blob, { step: 'done' });
      return blob;
    } catch (error) {
      if (!controller.signal.aborted) this.transfers.set(file.blob, { step: 'failed', error });
      return undefined;
    } finally {
      this.changed();
    }
  }

  #next(): void {
    while (this.#running < AT_ONCE) {
      const job = this.#queue.shift();
      if (!job) return;
      this.#running++;
      void job().finally(() => {
        this.#running--;
        this.#next();
      });
    }
  }
}
