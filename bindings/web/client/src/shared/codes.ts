/** The core's codes as those of the API: they are the same, with a few that mean the same here. */

import type { ErrorCode } from '../api.js';
import type { CoreError } from './core_types.js';

export function codeOf({ code }: { code: CoreError['code'] }): ErrorCode {
  switch (code) {
    case 'no-device':
      return 'not-signed-in';
    case 'device-name':
    case 'malformed':
    case 'other':
      return 'refused';
    default:
      return code;
  }
}

/** What the core throws. */
export function isCoreError(thrown: unknown): thrown is CoreError {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'text' in thrown;
}
