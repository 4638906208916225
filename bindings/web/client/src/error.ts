/** Errors: a text for a person, a code for a program. They cross between tabs as plain objects. */

import type { ErrorCode } from './api.js';
import { codeOf, isCoreError } from './shared/codes.js';

/** Why something did not work. */
export class InfrasoundError extends Error {
  override readonly name = 'InfrasoundError';

  constructor(
    /** For a program. */
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** An error as it crosses between tabs: a structured clone keeps no `code`. */
export interface PlainError {
  code: ErrorCode;
  message: string;
}

/** Takes anything that was thrown for an error with a code. */
export function toInfrasoundError(thrown: unknown): InfrasoundError {
  if (thrown instanceof InfrasoundError) return thrown;
  if (isCoreError(thrown)) return new InfrasoundError(codeOf(thrown), thrown.text);
  if (thrown instanceof DOMException) {
    if (thrown.name === 'QuotaExceededError') return storageFull(thrown);
    if (thrown.name === 'SecurityError') return storageForbidden(thrown);
    if (thrown.name === 'AbortError') return aborted(thrown);
  }
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new InfrasoundError('internal', text, { cause: thrown });
}

/** There is no room left in the browser's store. */
export function storageFull(cause?: unknown): InfrasoundError {
  const text = 'there is no room left in this browser: make some, then try again. Nothing that was confirmed is lost';
  return new InfrasoundError('storage-full', text, { cause });
}

/** The browser lets the page keep nothing. */
export function storageForbidden(cause?: unknown): InfrasoundError {
  const text = 'this browser does not let the page store anything: leave private browsing, or allow it in the settings';
  return new InfrasoundError('storage-forbidden', text, { cause });
}

/** Whoever asked for it gave it up. */
export function aborted(cause?: unknown): InfrasoundError {
  return new InfrasoundError('aborted', 'this was given up', { cause });
}

/** Nothing can be asked any more. */
export function closed(): InfrasoundError {
  return new InfrasoundError('closed', 'the client is closed: connect again');
}

export function toPlain(thrown: unknown): PlainError {
  const { code, message } = toInfrasoundError(thrown);
  return { code, message };
}

export function fromPlain({ code, message }: PlainError): InfrasoundError {
  return new InfrasoundError(code, message);
}
