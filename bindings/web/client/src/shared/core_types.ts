/** The shapes that cross between the core and its host, as the WASM crate declares them. */

export type {
  CoreAnswer,
  CoreAttachment,
  CoreConversation,
  CoreDevice,
  CoreError,
  CoreEvent,
  CoreFailure,
  CoreGroupView,
  CoreInput,
  CoreLook,
  CoreMessage,
  CoreMessageState,
  CoreOutput,
  CorePerson,
  CorePushSubscription,
  CoreStanding,
  CoreWish,
  NewAttachment,
  StoredRecord,
  TransportError,
} from '../../../src/types.js';
