/**
 * Thumbnails: a picture as small as fits into a message.
 *
 * One that came is looked at before a browser decodes it, since few bytes can say that they are a picture which fills the memory.
 * Spec: `content.md` 8.
 */

import type { Attachment } from './api.js';
import { fromBase64Url } from './shared/bytes.js';

/** The longest thumbnail, as `infrasound_spec::limits::MAX_THUMBNAIL` has it. */
const MOST_BYTES = 2_048;
/** The longest side of one that is shown. */
const LONGEST_SIDE = 256;
/** Longest side and quality, until one fits. */
const TRIES = [[100, 0.6], [100, 0.4], [72, 0.4], [48, 0.4], [32, 0.3]] as const;
/** Not every browser writes the first, which is the smaller one. */
const TYPES = ['image/webp', 'image/jpeg'];

/** Makes the thumbnail of a picture, or none if it does not get small enough. Of the picture's metadata nothing is in it. */
export async function makeThumbnail(picture: ImageBitmap): Promise<Uint8Array | undefined> {
  for (const [side, quality] of TRIES) {
    const scale = Math.min(1, side / Math.max(picture.width, picture.height));
    const drawn = draw(picture, Math.max(1, Math.round(picture.width * scale)), Math.max(1, Math.round(picture.height * scale)));
    for (const type of TYPES) {
      const bytes = new Uint8Array(await (await drawn.convertToBlob({ type, quality })).arrayBuffer());
      if (bytes.length <= MOST_BYTES && typeOf(bytes) !== undefined) return bytes;
    }
  }
  return undefined;
}

function draw(picture: ImageBitmap, width: number, height: number): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) return canvas;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, width, height);
  return canvas;
}

/** The thumbnail of a file, to be shown in an `<img>`; `undefined` if there is none that a browser may decode. */
export function thumbnailOf({ thumbnail }: Attachment): Blob | undefined {
  const bytes = thumbnail === undefined ? undefined : fromBase64Url(thumbnail);
  const type = bytes && bytes.length <= MOST_BYTES ? typeOf(bytes) : undefined;
  return bytes && type ? new Blob([bytes], { type }) : undefined;
}

/** The type of a small picture, by its first bytes; `undefined` if it is of no type that is shown, or too large. */
export function typeOf(bytes: Uint8Array): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const [type, measures] = view.getUint16(0) === 0xffd8 ? ['image/jpeg', measuresOfJpeg(view)] : ['image/webp', measuresOfWebp(view)];
    return measures?.every((side) => side >= 1 && side <= LONGEST_SIDE) ? type : undefined;
  } catch (error) {
    // It is at its end before it says how large it is.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Walks over the segments until one says how large the picture is. */
function measuresOfJpeg(view: DataView): number[] | undefined {
  for (let at = 2; view.getUint8(at) === 0xff; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint8(at + 1);
    // Baseline, extended or progressive, in Huffman's code: what browsers read.
    if (marker >= 0xc0 && marker <= 0xc2) return [view.getUint16(at + 7), view.getUint16(at + 5)];
    const isApplication = marker >= 0xe0 && marker <= 0xef;
    if (!isApplication && !BEFORE.includes(marker)) return undefined;
  }
  return undefined;
}

/** Tables, the interval of restarts and comments may stand before the measures. */
const BEFORE = [0xc4, 0xdb, 0xdd, 0xfe];

/** One lossy picture that fills all of the file. */
function measuresOfWebp(view: DataView): number[] | undefined {
  const end = view.byteLength;
  const chunk = view.getUint32(16, true);
  const isOne = view.getUint32(4, true) === end - 8 && chunk + (chunk % 2) === end - 20;
  const isLossy = view.getUint32(0) === RIFF && view.getUint32(8) === WEBP && view.getUint32(12) === VP8;
  const isKeyFrame = view.getUint8(20) % 2 === 0 && view.getUint16(23) === 0x9d01 && view.getUint8(25) === 0x2a;
  // The two highest bits say how it is to be scaled.
  return isOne && isLossy && isKeyFrame ? [26, 28].map((at) => view.getUint16(at, true) & 0x3fff) : undefined;
}

const RIFF = 0x52494646;
const WEBP = 0x57454250;
const VP8 = 0x56503820;
