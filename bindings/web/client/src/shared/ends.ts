/** Which events end a wish that was queued, and how. */

import { codeOf } from './codes.js';
import type { CoreEvent } from './core_types.js';
import type { ObjectOutcome } from './wire.js';

/** The wish's id and how it ended. That a message got further than the log ends nothing anew. */
export function endOf(event: CoreEvent): [string, ObjectOutcome] | undefined {
  switch (event.type) {
    case 'messageState':
      if (event.state.step === 'failed') return [event.message, { code: 'refused', message: event.state.reason }];
      return event.state.step === 'sent' ? [event.message, 'done'] : undefined;
    case 'changed':
      return [event.object, 'done'];
    case 'failed':
      return [event.object, { code: codeOf(event), message: event.text }];
    default:
      return undefined;
  }
}
