/** Waking this device by Web Push: what the relay is asked and told. Spec: `push.md` 1. */

import type { PushOptions } from '../api.js';
import { InfrasoundError } from '../error.js';
import type { CorePushSubscription } from '../shared/core_types.js';
import type { Relay } from './relay.js';

/** The answer of `GET /v1/relay`, as far as it is wanted here. */
interface RelayInfo {
  push?: string;
}

export async function pushKeyOf(relay: Relay): Promise<string | undefined> {
  return (await relay.get<RelayInfo>('/v1/relay')).push;
}

/** A browser's subscription as the relay has it. */
export function subscriptionFor(
  subscription: Pick<PushSubscription, 'toJSON'> | PushSubscriptionJSON,
  { quiet, except }: PushOptions = {},
): CorePushSubscription {
  const { endpoint, keys } = 'toJSON' in subscription ? subscription.toJSON() : subscription;
  const { p256dh, auth } = keys ?? {};
  if (endpoint === undefined || p256dh === undefined || auth === undefined) {
    throw new InfrasoundError('refused', 'a push subscription has an endpoint and two keys: give all that its `toJSON` has');
  }
  return { endpoint, key: p256dh, auth, ...(quiet && { quiet }), ...(except && { except }) };
}
