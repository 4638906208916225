/** What the relay answers to a sign-in. Spec: `relay-api.md` 6. */

/** The answer of `POST /v1/sign-in/finish` and `exchange`; given to the core as it is. */
export interface SignedIn {
  ticket: string;
  account: string;
  handle: string;
  account_key?: string;
  devices: { device: string; name: string; created: number; last_seen: number }[];
}

/** The answer of `POST /v1/sign-in/start`. */
export interface SignInStarted {
  sign_in: string;
  authorize_url: string;
  expires: number;
}
