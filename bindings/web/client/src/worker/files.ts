/** Files of messages: sealed before they are sent, and opened after all of them was fetched and found right. */

import type { OutgoingFile } from '../api.js';
import { InfrasoundError } from '../error.js';
import { toBase64Url, type Bytes } from '../shared/bytes.js';
import type { CoreAnswer, CoreAttachment, CoreWish, NewAttachment } from '../shared/core_types.js';
import { guarded, makeCheck, makeSealer, sealedSize } from './core.js';
import type { Spool } from './spool.js';

/** The longest file, as `infrasound_spec::limits::MAX_BLOB` has it. */
const MAX_FILE = 100 * 1024 * 1024;
/** Bytes in memory at a time. */
const PIECE = 8 * 64 * 1024;
/** Sealed bytes asked for at a time: eight chunks. */
const SLICE = 8 * (64 * 1024 + 16);
/** So many tries in a row may go wrong, with the relay away, before the rest is left for another time. */
const TRIES = 3;

/** What goes on with a call while it takes long. */
export interface Course {
  progress: (done: number, total: number) => void;
  signal: AbortSignal;
}

/** A file in the spool: under which name, and as the core is told of it. */
export interface Sealed {
  blob: string;
  attachment: NewAttachment;
}

/** Seals a file into the spool. Once this is done the original is not needed any more. */
export async function seal(file: OutgoingFile, spool: Spool, course: Course): Promise<Sealed> {
  const { size } = file.file;
  if (size > MAX_FILE) {
    throw new InfrasoundError('too-long', `${file.name} is too long: a file has at most ${MAX_FILE} bytes`);
  }
  const sealer = makeSealer(size);
  const { id } = sealer;
  try {
    let sealed = 0;
    const put = async (bytes: Uint8Array): Promise<void> => {
      if (bytes.length > 0) await spool.add(id, sealed, bytes as Bytes);
      sealed += bytes.length;
    };
    for (let offset = 0; offset < size; offset += PIECE) {
      course.signal.throwIfAborted();
      const piece = await read(file, offset);
      await put(guarded(() => sealer.push(piece)));
      course.progress(Math.min(offset + PIECE, size), size);
    }
    const rest = guarded(() => sealer.finish());
    await put(rest.sealed);
    const attachment: NewAttachment = {
      name: file.name,
      mediaType: file.mediaType ?? (file.file.type || 'application/octet-stream'),
      reference: rest.reference,
    };
    if (file.thumbnail !== undefined) attachment.thumbnail = toBase64Url(file.thumbnail);
    if (file.width !== undefined) attachment.width = file.width;
    if (file.height !== undefined) attachment.height = file.height;
    return { blob: id, attachment };
  } catch (error) {
    await spool.drop(id);
    throw error;
  }
}

async function read({ file, name }: OutgoingFile, offset: number): Promise<Uint8Array> {
  try {
    return new Uint8Array(await file.slice(offset, offset + PIECE).arrayBuffer());
  } catch (error) {
    throw new InfrasoundError('file-changed', `${name} cannot be read: was it changed or deleted?`, { cause: error });
  }
}

/** Fetches a file, checks it, and only then opens it. What was fetched before goes on from there. What is kept is not fetched again. */
export async function download(
  file: CoreAttachment,
  keep: boolean,
  spool: Spool,
  wish: (wish: CoreWish) => Promise<CoreAnswer>,
  online: (signal: AbortSignal) => Promise<void>,
  course: Course,
): Promise<Blob> {
  const { blob, reference } = file;
  if (blob === undefined || reference === undefined) {
    throw new InfrasoundError('not-found', 'this version cannot fetch this file');
  }
  const total = guarded(() => sealedSize(reference));
  let there = await spool.fetched(blob);
  if (there > total) {
    await spool.forget(blob);
    there = 0;
  }
  let failures = 0;
  course.progress(there, total);
  while (there < total) {
    course.signal.throwIfAborted();
    const length = Math.min(SLICE, total - there);
    try {
      const answer = await wish({ wish: 'fetchBlob', blob, offset: there, length });
      if (answer.answer !== 'bytes' || answer.bytes.length !== length) {
        throw new InfrasoundError('untrusted', 'the relay gave other bytes than were asked for');
      }
      await spool.append(blob, there, answer.bytes as Bytes);
      failures = 0;
      there += length;
      course.progress(there, total);
    } catch (error) {
      if (!(error instanceof InfrasoundError && error.code === 'unreachable')) throw error;
      failures += 1;
      if (failures === TRIES) throw error;
      await online(course.signal);
    }
  }
  return open(file, reference, blob, keep, spool);
}

/** Opens a file that is here whole; `undefined` if it is not. */
export async function openKept(file: CoreAttachment, spool: Spool): Promise<Blob | undefined> {
  const { blob, reference } = file;
  if (blob === undefined || reference === undefined) return undefined;
  const isWhole = (await spool.fetched(blob)) === sealedSize(reference);
  return isWhole ? open(file, reference, blob, true, spool) : undefined;
}

async function open(file: CoreAttachment, reference: object, blob: string, keep: boolean, spool: Spool): Promise<Blob> {
  try {
    const check = makeCheck(reference);
    for await (const piece of spool.pieces(blob)) guarded(() => check.push(piece));
    const opener = guarded(() => check.finish());
    const clear: Bytes[] = [];
    for await (const piece of spool.pieces(blob)) clear.push(guarded(() => opener.push(piece)) as Bytes);
    guarded(() => opener.finish());
    if (keep) await spool.keep(blob, sealedSize(reference));
    else await spool.forget(blob);
    return new Blob(clear, { type: file.mediaType });
  } catch (error) {
    // What is not what was sent is of no use; it is fetched anew when somebody asks again.
    if (error instanceof InfrasoundError && error.code === 'file-refused') await spool.forget(blob);
    throw error;
  }
}
