/** Where this script is from: there are the worker and, unless the page says otherwise, the relay. */
import worker from '@infrasound/client/worker.js?worker&url';

/** Absolute, since the page that embeds the messenger may be of another origin. */
export const workerUrl = new URL(worker, import.meta.url);

export const homeRelay = (): string => new URL(import.meta.url).origin;
