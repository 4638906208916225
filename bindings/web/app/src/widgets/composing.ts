/** Keys that belong to an input method, which composes a character of several. */

/** Whether the key is not for the page. Safari ends the composition before the key that ended it, and tells by the old code. */
export function composing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}
