/** PNG and WebP without what programs and cameras write into them: where and when, by whom and with what. The picture stays as it is. */

/** Chunks of a PNG that say how it looks. Those that every reader must know begin with a capital. */
const SEEN = new Set(['tRNS', 'cHRM', 'gAMA', 'iCCP', 'sBIT', 'sRGB', 'cICP', 'mDCV', 'cLLI', 'bKGD', 'pHYs', 'acTL', 'fcTL', 'fdAT']);
/** And those of a WebP. */
const SHOWN = new Set(['VP8 ', 'VP8L', 'ALPH', 'ANIM', 'ANMF', 'ICCP']);
const SIGNATURE = 8;
/** Bits of an extended WebP: it has Exif, it has XMP. */
const HAS_EXIF = 0x08;
const HAS_XMP = 0x04;

type Part = Uint8Array<ArrayBuffer>;

/** The picture without its metadata, but for how it is turned. `undefined` if it is not built as its type wants. */
export async function withoutMetadata(file: Blob): Promise<Blob | undefined> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  try {
    const parts = file.type === 'image/png' ? png(bytes) : webp(bytes);
    return parts && new Blob(parts, { type: file.type });
  } catch (error) {
    // It ends in the middle of something.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function png(bytes: Part): Part[] | undefined {
  const view = viewOf(bytes);
  if (view.getUint32(0) !== 0x89504e47 || view.getUint32(4) !== 0x0d0a1a0a) return undefined;
  const parts = [bytes.subarray(0, SIGNATURE)];
  for (let at = SIGNATURE; ; ) {
    const end = at + 12 + view.getUint32(at);
    const type = name(bytes, at + 4);
    // Throws if the chunk is longer than the file.
    view.getUint8(end - 1);
    if (/^[A-Z]/.test(type) || SEEN.has(type)) parts.push(bytes.subarray(at, end));
    else if (type === 'eXIf') parts.push(...turned(bytes.subarray(at + 8, end - 4)).map((exif) => chunk('eXIf', exif)));
    if (type === 'IEND') return parts;
    at = end;
  }
}

function webp(bytes: Part): Part[] | undefined {
  const view = viewOf(bytes);
  if (name(bytes, 0) !== 'RIFF' || name(bytes, 8) !== 'WEBP') return undefined;
  const parts: Part[] = [];
  let extended: Part | undefined;
  let orientation: Part[] = [];
  for (let at = 12; at < bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    const end = at + 8 + length + (length % 2);
    const type = name(bytes, at);
    view.getUint8(at + 8 + length - 1);
    if (type === 'VP8X') parts.push((extended = bytes.slice(at, end)));
    else if (SHOWN.has(type)) parts.push(bytes.subarray(at, end));
    else if (type === 'EXIF') orientation = turned(bytes.subarray(at + 8, at + 8 + length));
    at = end;
  }
  if (extended) {
    extended[8] = ((extended[8] ?? 0) & ~(HAS_EXIF | HAS_XMP)) | (orientation.length > 0 ? HAS_EXIF : 0);
    for (const exif of orientation) parts.push(header('EXIF', exif.length), exif);
  }
  const size = parts.reduce((sum, { length }) => sum + length, 4);
  return [header('RIFF', size), text('WEBP'), ...parts];
}

/** Exif that says nothing but how the picture is to be turned; none if it is not to be. */
function turned(exif: Part): Part[] {
  const orientation = orientationOf(exif);
  if (orientation < 2 || orientation > 8) return [];
  const bytes = new Uint8Array(26);
  const view = viewOf(bytes);
  // A header, and a directory of one entry: orientation, a short, one of them.
  view.setUint32(0, 0x4d4d002a);
  view.setUint32(4, 8);
  view.setUint16(8, 1);
  view.setUint32(10, 0x01120003);
  view.setUint32(14, 1);
  view.setUint16(18, orientation);
  return [bytes];
}

function orientationOf(exif: Part): number {
  try {
    const view = viewOf(name(exif, 0) === 'Exif' ? exif.subarray(6) : exif);
    const isLittle = view.getUint16(0) === 0x4949;
    const directory = view.getUint32(4, isLittle);
    const entries = view.getUint16(directory, isLittle);
    for (let at = directory + 2; at < directory + 2 + 12 * entries; at += 12) {
      if (view.getUint16(at, isLittle) === 0x0112) return view.getUint16(at + 8, isLittle);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return 1;
}

/** A chunk of a PNG. */
function chunk(type: string, data: Part): Part {
  const bytes = new Uint8Array(12 + data.length);
  const view = viewOf(bytes);
  view.setUint32(0, data.length);
  bytes.set(text(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, checksum(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** The beginning of a chunk of a WebP. */
function header(type: string, length: number): Part {
  const bytes = new Uint8Array(8);
  bytes.set(text(type));
  viewOf(bytes).setUint32(4, length, true);
  return bytes;
}

/** CRC-32, as PNG has it. */
function checksum(bytes: Part): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function viewOf(bytes: Part): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function name(bytes: Part, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

function text(name: string): Part {
  return Uint8Array.from(name, (character) => character.charCodeAt(0));
}
