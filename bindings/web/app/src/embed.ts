/** The entry for other people's pages. It has the one name that never changes, and leads to files whose names do. */
export { InfrasoundMessenger } from './messenger.ts';
