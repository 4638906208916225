/** What cameras and programs write into a PNG or WebP stays here; the picture goes as it is. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { withoutMetadata } from '../../app/src/widgets/metadata.ts';

const SECRET = '59.3293 N 18.0686 E';
/** Turned by a quarter, and where it was taken, as Exif in the order of bytes that cameras use. */
const EXIF = Buffer.concat([Buffer.from('49492a0008000000020012010300010000000600000025880400010000001a00000000000000', 'hex'), Buffer.from(SECRET)]);
const TURNED = '4d4d002a00000008000101120003000000010006000000000000';

function chunk(type: string, data: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(data.length);
  head.write(type, 4);
  return Buffer.concat([head, data, Buffer.from('c0ffee00', 'hex')]);
}

function riff(type: string, data: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.write(type);
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
}

const bytes = (text: string) => Buffer.from(text);
const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const HEADER = chunk('IHDR', Buffer.alloc(13, 1));
const PROFILE = chunk('iCCP', bytes('how colours are meant'));
const PIXELS = chunk('IDAT', bytes('pixels'));
const END = chunk('IEND', Buffer.alloc(0));

async function stripped(type: string, parts: Uint8Array[]): Promise<string | undefined> {
  const bare = await withoutMetadata(new Blob(parts as BlobPart[], { type }));
  if (bare) assert.equal(bare.type, type);
  return bare && Buffer.from(await bare.arrayBuffer()).toString('hex');
}

const hex = (...parts: Uint8Array[]) => Buffer.concat(parts).toString('hex');

test('a PNG keeps what is seen, and how it is turned', async () => {
  const traces = [chunk('tEXt', bytes(SECRET)), chunk('iTXt', bytes(SECRET)), chunk('zTXt', bytes(SECRET)), chunk('tIME', bytes(SECRET)), chunk('prVt', bytes(SECRET))];
  const exif = Buffer.from(`0000001a65584966${TURNED}d6674b69`, 'hex');
  const all = [SIGNATURE, HEADER, ...traces, PROFILE, chunk('eXIf', EXIF), PIXELS, ...traces, END, bytes(SECRET)];
  assert.equal(await stripped('image/png', all), hex(SIGNATURE, HEADER, PROFILE, exif, PIXELS, END));
  const upright = Buffer.from(EXIF);
  upright[18] = 1;
  assert.equal(await stripped('image/png', [SIGNATURE, HEADER, chunk('eXIf', upright), PIXELS, END]), hex(SIGNATURE, HEADER, PIXELS, END));
});

test('a WebP keeps what is seen, and how it is turned', async () => {
  const whole = (flags: number, ...parts: Buffer[]) => {
    const extended = Buffer.alloc(10, 7);
    extended[0] = flags;
    return riff('RIFF', Buffer.concat([bytes('WEBP'), riff('VP8X', extended), ...parts]));
  };
  const seen = [riff('ICCP', bytes('how colours are meant')), riff('ALPH', bytes('odd')), riff('VP8 ', bytes('pixels'))];
  const traces = [riff('XMP ', bytes(SECRET)), riff('mine', bytes(SECRET))];
  const turned = riff('EXIF', Buffer.from(TURNED, 'hex'));
  assert.equal(await stripped('image/webp', [whole(0x3c, ...seen, riff('EXIF', EXIF), ...traces)]), hex(whole(0x38, ...seen, turned)));
  const prefixed = riff('EXIF', Buffer.concat([bytes('Exif\0\0'), EXIF]));
  assert.equal(await stripped('image/webp', [whole(0x3c, ...seen, prefixed)]), hex(whole(0x38, ...seen, turned)));
  assert.equal(await stripped('image/webp', [whole(0x0c, ...seen, riff('EXIF', bytes(SECRET)), ...traces)]), hex(whole(0x00, ...seen)));
  const simple = riff('RIFF', Buffer.concat([bytes('WEBP'), riff('VP8 ', bytes('pixels'))]));
  assert.equal(await stripped('image/webp', [simple]), hex(simple));
});

test('what is not built as its type wants is not passed on as it is', async () => {
  assert.equal(await stripped('image/png', [bytes(SECRET)]), undefined);
  assert.equal(await stripped('image/png', [SIGNATURE, HEADER]), undefined, 'it has no end');
  assert.equal(await stripped('image/png', [SIGNATURE, HEADER, Buffer.from('ffffffff49444154', 'hex')]), undefined, 'a chunk is longer than the file');
  assert.equal(await stripped('image/webp', [bytes(SECRET)]), undefined);
  assert.equal(await stripped('image/webp', [riff('RIFF', bytes('WEBPVP8 \xff\xff\xff\x7f'))]), undefined);
  assert.equal(await stripped('image/webp', []), undefined);
});
