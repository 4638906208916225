/** Bytes whose buffer is their own, as the platform's interfaces want them. */
export type Bytes = Uint8Array<ArrayBuffer>;

export function toBase64Url(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** A random name: 16 bytes. */
export function makeId(): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(16)));
}
