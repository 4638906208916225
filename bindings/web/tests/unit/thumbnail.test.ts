/** A thumbnail is looked at before it is decoded. Spec: `content.md` 8.6. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { thumbnailOf } from '../../client/src/thumbnail.ts';

const SEGMENT = 'ffe000104a46494600010100000100010000';
/** A JPEG up to its measures, and two bytes of whatever comes then. */
const jpeg = (high: string, wide: string, frame = 'ffc0', before = SEGMENT) => `ffd8${before}${frame}001108${high}${wide}0000`;

/** A WebP with so many bytes in its first chunk. */
function webp(wide: string, high: string, { type = '56503820', start = '9d012a', tag = '100000', after = '' } = {}): string {
  const chunk = `${tag}${start}${wide}${high}0000`;
  const length = (bytes: number) => Buffer.from(Uint32Array.of(bytes).buffer).toString('hex');
  return `52494646${length((24 + chunk.length + after.length) / 2)}57454250${type}${length(chunk.length / 2)}${chunk}${after}`;
}

const typeOf = (hex: string) => thumbnailOf({ name: '', mediaType: 'text/html', thumbnail: Buffer.from(hex, 'hex').toString('base64url') })?.type;

test('JPEG and WebP of some pixels are shown as what they are, whatever the sender says', () => {
  assert.equal(typeOf(jpeg('0048', '0064')), 'image/jpeg');
  assert.equal(typeOf(jpeg('0100', '0100', 'ffc2')), 'image/jpeg');
  assert.equal(typeOf(jpeg('0001', '0001', 'ffc0', `${SEGMENT}ffdb00030bfffe0002`)), 'image/jpeg');
  assert.equal(typeOf(webp('6400', '4800')), 'image/webp');
  assert.equal(typeOf(webp('0041', '0081')), 'image/webp', 'how it is to be scaled is not how large it is');
});

test('what would fill the memory, or is of another type, is not decoded', () => {
  const refused: Record<string, string> = {
    'a JPEG that is too wide': jpeg('0048', '0101'),
    'a JPEG that is too high': jpeg('ffff', '0064'),
    'a JPEG that says its height later': jpeg('0000', '0064'),
    'a JPEG without loss': jpeg('0048', '0064', 'ffc3'),
    'a JPEG of another coding': jpeg('0048', '0064', 'ffc9'),
    'a JPEG with a picture before it says how large it is': jpeg('0048', '0064', 'ffc0', 'ffda000200'),
    'a JPEG with measures to come': jpeg('0048', '0064', 'ffc0', 'ffdc00040001'),
    'a JPEG in levels': jpeg('0048', '0064', 'ffc0', 'ffde001108ffffffff0000'),
    'a JPEG that ends': `ffd8${SEGMENT}`,
    'a JPEG that ends in a length': 'ffd8ffe000',
    'a JPEG that is not one after its beginning': `ffd8${SEGMENT}00000000000000000000`,
    'a WebP that is too wide': webp('0101', '4800'),
    'a WebP that is too high': webp('6400', 'ff3f'),
    'a WebP of no height': webp('6400', '0000'),
    'a WebP without loss': webp('6400', '4800', { type: '5650384c' }),
    'a WebP with an extended header': webp('6400', '4800', { type: '56503858' }),
    'a WebP with something after the picture': webp('6400', '4800', { after: '455849460200000000' }),
    'a WebP that is a difference': webp('6400', '4800', { tag: '110000' }),
    'a WebP without a start': webp('6400', '4800', { start: '000000' }),
    'a WebP that ends': webp('6400', '4800').slice(0, 56),
    'a PNG': '89504e470d0a1a0a0000000d4948445200000001000000010806000000',
    'a GIF': '47494638396101000100800000',
    'an SVG': Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>').toString('hex'),
    'a page': Buffer.from('<!doctype html><script>alert(1)</script>').toString('hex'),
    'nothing': '',
  };
  for (const [what, hex] of Object.entries(refused)) assert.equal(typeOf(hex), undefined, what);
  assert.equal(typeOf(jpeg('0048', '0064') + '00'.repeat(2048)), undefined, 'too many bytes');
  assert.equal(thumbnailOf({ name: '', mediaType: '', thumbnail: 'no base64!' }), undefined);
  assert.equal(thumbnailOf({ name: '', mediaType: '' }), undefined);
});
