/** Signing in with the instance, before there is a device: what ends in a ticket. Spec: `relay-api.md` 6. */

import type { DeviceInfo, SignIn, Ticket } from '../api.js';
import { InfrasoundError } from '../error.js';
import type { SignInStarted, SignedIn } from '../shared/sign_in_types.js';
import type { Relay } from './relay.js';

/** On the relay's own origin the page at the end of a sign-in says its code here. */
const HANDED_OVER = 'infrasound-sign-in';

export async function beginSignIn(relay: Relay, closed: AbortSignal): Promise<SignIn> {
  const started = await relay.post<SignInStarted>('/v1/sign-in/start', {});
  return {
    url: started.authorize_url,
    expires: started.expires,
    code: handedOver(
      started.sign_in,
      AbortSignal.any([closed, AbortSignal.timeout(Math.max(started.expires - Date.now(), 0))]),
    ),
    finish: async (code) => {
      const body = { sign_in: started.sign_in, code: code.trim() };
      return ticket(await relay.post<SignedIn>('/v1/sign-in/finish', body));
    },
  };
}

export async function exchangeToken(relay: Relay, token: string): Promise<Ticket> {
  return ticket(await relay.post<SignedIn>('/v1/sign-in/exchange', { access_token: token.trim() }));
}

/** What the relay answered, out of a ticket. */
export function signedInBy({ secret }: Ticket): SignedIn {
  if (typeof secret !== 'object' || secret === null || !('ticket' in secret)) {
    throw new InfrasoundError('refused', 'this is not a ticket of a sign-in');
  }
  return secret as SignedIn;
}

function ticket(signedIn: SignedIn): Ticket {
  const devices = signedIn.devices.map(
    ({ device, name, created, last_seen }): DeviceInfo => ({ id: device, name, created, lastSeen: last_seen, current: false }),
  );
  return { person: { account: signedIn.account, handle: signedIn.handle }, devices, secret: signedIn };
}

/** It never resolves where no page hands a code over; the person types it then. */
function handedOver(signIn: string, ended: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    const channel = new BroadcastChannel(HANDED_OVER);
    channel.onmessage = ({ data }: MessageEvent<{ signIn?: unknown; code?: unknown }>) => {
      // Another tab may sign in as well.
      if (data.signIn !== signIn || typeof data.code !== 'string') return;
      channel.close();
      resolve(data.code);
    };
    ended.addEventListener('abort', () => channel.close());
  });
}
