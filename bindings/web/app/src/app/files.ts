/** Files and pictures of messages: which are here, which are on their way, how far. */
import { thumbnailOf, type Attachment, type BlobId, type ConversationHandle, type ObjectId } from '@infrasound/client';

import { plainName } from '../text/name.ts';
import { ObjectUrls } from './object-urls.ts';
import { Observable } from './observable.ts';
import { saveAs } from './save.ts';

/** Only what every browser draws by itself, and cannot run a script. */
const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);
const AT_ONCE = 4;
/** Larger pictures are fetched when somebody opens them. */
const FETCHED_BY_ITSELF = 1024 * 1024;

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
  readonly #pictures = new ObjectUrls();
  readonly #thumbnails = new ObjectUrls();
  readonly #asked = new Set<BlobId>();
  /** Those that were looked for among what was kept. */
  readonly #looked = new Set<BlobId>();
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
    const url = this.#pictures.of(file.blob);
    if (url !== undefined) return url;
    if (!this.#asked.has(file.blob)) {
      this.#asked.add(file.blob);
      this.#queue.push(async () => {
        const blob = await this.#fetch(handle, file);
        if (blob) this.keep(file, blob);
      });
      this.#next();
    }
    return undefined;
  }

  /** An address for `<img>`, if the picture is here or was kept from another time. Fetches nothing. */
  pictureHere(handle: ConversationHandle, file: Fetchable): string | undefined {
    const url = this.#pictures.of(file.blob);
    if (url === undefined && !this.isAsked(file) && !this.#looked.has(file.blob)) {
      this.#looked.add(file.blob);
      void handle.kept(file).then((blob) => blob && this.keep(file, blob), () => undefined);
    }
    return url;
  }

  /** An address for `<img>` of what is seen of a picture before it is here, if there is such a thing. */
  thumbnail(file: Attachment): string | undefined {
    const { thumbnail } = file;
    if (thumbnail === undefined) return undefined;
    const url = this.#thumbnails.of(thumbnail);
    if (url !== undefined) return url;
    const blob = thumbnailOf(file);
    return blob && this.#thumbnails.add(thumbnail, blob);
  }

  /** Whether a picture is here or was asked for. */
  isAsked(file: Fetchable): boolean {
    return this.#asked.has(file.blob) || this.#pictures.has(file.blob);
  }

  /** Whether a picture is fetched without being asked for: a small one, unless the person's line is to be spared. */
  static isSmall({ size }: Fetchable): boolean {
    const { connection } = navigator as { connection?: { saveData?: boolean } };
    return size <= FETCHED_BY_ITSELF && connection?.saveData !== true;
  }

  /** Whether a picture was asked for and could not be had, or was given up. */
  missing(file: Fetchable): boolean {
    const step = this.transfers.get(file.blob)?.step;
    return step === 'failed' || step === 'stopped';
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
    this.#pictures.clear();
    this.#thumbnails.clear();
    for (const transfer of this.transfers.values()) if (transfer.step === 'running') transfer.controller.abort();
  }

  keep(file: Fetchable, blob: Blob): void {
    const type = Files.isPicture(file) ? file.mediaType.toLowerCase() : 'application/octet-stream';
    this.#pictures.add(file.blob, new Blob([blob], { type }));
    // When it has made room for others it is asked for again.
    this.#asked.delete(file.blob);
    this.#looked.delete(file.blob);
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
      const keep = Files.isPicture(file);
      const blob = await handle.download(file, { keep, onProgress, signal: controller.signal });
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
