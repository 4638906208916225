/** Bytes whose buffer is their own, as the platform's interfaces want them. */
export type Bytes = Uint8Array<ArrayBuffer>;

export function toBase64Url(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The bytes of a text without padding; `undefined` if it is no base64url. */
export function fromBase64Url(text: string): Bytes | undefined {
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** A random name: 16 bytes. */
export function makeId(): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(16)));
}
