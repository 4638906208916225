/** Errors: a text for a person, a code for a program. They cross between tabs as plain objects. */

import type { ErrorCode } from './api.js';

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
  if (isFailure(thrown)) return new InfrasoundError(thrown.code, thrown.text);
  if (thrown instanceof DOMException) {
    if (thrown.name === 'QuotaExceededError') return storageFull(thrown);
    if (thrown.name === 'SecurityError') return storageForbidden(thrown);
    if (thrown.name === 'AbortError') return new InfrasoundError('aborted', 'this was given up', { cause: thrown });
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

export function toPlain(thrown: unknown): PlainError {
  const { code, message } = toInfrasoundError(thrown);
  return { code, message };
}

export function fromPlain({ code, message }: PlainError): InfrasoundError {
  return new InfrasoundError(code, message);
}

/** A failure as the core gives it. */
function isFailure(thrown: unknown): thrown is { code: ErrorCode; text: string } {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'text' in thrown;
}
