/** The public surface of `@infrasound/client`. */

export type * from './api.js';
export { connect } from './connect.js';
export { InfrasoundError } from './error.js';
export { makeThumbnail, thumbnailOf } from './thumbnail.js';
