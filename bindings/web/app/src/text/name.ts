/** Names that others chose, made fit to stand among other text. */

/** Characters that turn what follows around: `photo\u202Egnp.exe` would read as `photoexe.png`. */
const TURNING = /[\u202A-\u202E\u2066-\u2069]/g;

export function plainName(name: string): string {
  return name.replace(TURNING, '');
}

const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
const LEFT_TO_RIGHT = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/u;

/** A name in the midst of a sentence: one that runs the other way does not carry the words around it along. */
export function isolated(name: string, direction: 'ltr' | 'rtl'): string {
  return (direction === 'rtl' ? LEFT_TO_RIGHT : RIGHT_TO_LEFT).test(name) ? `\u2068${name}\u2069` : name;
}
