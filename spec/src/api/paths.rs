//! Where each endpoint is. Path parameters are percent-encoded by the caller.
//!
//! Spec: `relay-api.md` 3.

/// `GET`: which relay serves this instance.
pub const WELL_KNOWN: &str = "/.well-known/infrasound";
/// `GET`: the OpenAPI document.
pub const OPENAPI: &str = "/openapi.json";
/// `GET`: the process runs.
pub const HEALTH: &str = "/healthz";
/// `GET`: the database answers.
pub const READY: &str = "/readyz";
/// `GET`: the relay's instance, limits and version.
pub const RELAY: &str = "/v1/relay";

/// `POST`: begin the authorization-code flow.
pub const SIGN_IN_START: &str = "/v1/sign-in/start";
/// `GET`, by a browser: the instance sends the person back here.
pub const SIGN_IN_CALLBACK: &str = "/v1/sign-in/callback";
/// `GET`, by that browser: the script of the page with the code.
pub const SIGN_IN_HAND_OVER: &str = "/v1/sign-in/hand-over.js";
/// `POST`: end the authorization-code flow with the code that the person was shown.
pub const SIGN_IN_FINISH: &str = "/v1/sign-in/finish";
/// `POST`: sign in with an access token of the instance.
pub const SIGN_IN_EXCHANGE: &str = "/v1/sign-in/exchange";

/// `POST`, by the instance: something about an account has changed.
pub const INSTANCE_WEBHOOK: &str = "/v1/instance/webhook";

/// `POST`: a challenge to sign for a session.
pub const SESSION_CHALLENGE: &str = "/v1/sessions/challenge";
/// `POST`: a new session. `DELETE`: end this one.
pub const SESSIONS: &str = "/v1/sessions";
/// `POST`: register a device with a sign-in ticket. `GET`: the account's devices.
pub const DEVICES: &str = "/v1/devices";
/// `PUT`: rename a device. `DELETE`: revoke it.
pub const DEVICE: &str = "/v1/devices/{device}";

/// `POST`: open a link channel for a new device. `DELETE`: end it.
pub const LINKS: &str = "/v1/links";
/// `POST`: join one from an old device.
pub const LINKS_JOIN: &str = "/v1/links/join";
/// `POST`: send a frame to the other side. `GET ?after=&wait=`: the other side's frames.
pub const LINKS_FRAMES: &str = "/v1/links/frames";

/// `GET`: the session's account.
pub const ACCOUNT: &str = "/v1/account";
/// `PUT`: who may ask.
pub const ACCOUNT_POLICY: &str = "/v1/account/policy";
/// `GET ?handle=` or `?account=`: another account.
pub const ACCOUNTS_LOOKUP: &str = "/v1/accounts/lookup";
/// `GET ?q=`: accounts of the instance, for completion.
pub const ACCOUNTS_SEARCH: &str = "/v1/accounts/search";
/// `GET`: what the account said of others.
pub const CONTACTS: &str = "/v1/contacts";
/// `PUT`: say it.
pub const CONTACT: &str = "/v1/contacts/{account}";

/// `POST`: upload key packages. `GET`: how many are left.
pub const KEY_PACKAGES: &str = "/v1/key-packages";
/// `POST`: take one key package of each device of an account.
pub const KEY_PACKAGES_CLAIM: &str = "/v1/key-packages/claim";
/// `POST`: the same for many accounts.
pub const KEY_PACKAGES_CLAIM_MANY: &str = "/v1/key-packages/claim-many";

/// `GET`: the conversations this device is in. `POST`: found one.
pub const CONVERSATIONS: &str = "/v1/conversations";
/// `GET`: one of them.
pub const CONVERSATION: &str = "/v1/conversations/{conversation}";
/// `GET ?after=&limit=`: entries of the log.
pub const LOG: &str = "/v1/conversations/{conversation}/log";
/// `POST`: submit a message.
pub const MESSAGES: &str = "/v1/conversations/{conversation}/messages";
/// `POST`: submit a commit.
pub const COMMITS: &str = "/v1/conversations/{conversation}/commits";
/// `POST`: submit a proposal to leave.
pub const PROPOSALS: &str = "/v1/conversations/{conversation}/proposals";
/// `POST`: report what became of a commit.
pub const REPORTS: &str = "/v1/conversations/{conversation}/reports";
/// `GET`: a ratchet tree that a Welcome names, by its hash.
pub const TREE: &str = "/v1/conversations/{conversation}/trees/{hash}";

/// `GET`: names of the members.
pub const MEMBERS: &str = "/v1/conversations/{conversation}/members";
/// `PUT`: accept or put away an invitation into a group.
pub const CONSENT: &str = "/v1/conversations/{conversation}/consent";
/// `POST`: what it takes to join by an external commit.
pub const GROUP_INFO: &str = "/v1/conversations/{conversation}/group-info";
/// `POST`: ask to be let in. `GET`: who asks.
pub const JOIN_REQUESTS: &str = "/v1/conversations/{conversation}/join-requests";
/// `DELETE`: decline a request to join, or take back one's own.
pub const JOIN_REQUEST: &str = "/v1/conversations/{conversation}/join-requests/{account}";
/// `POST`: ask for the next commit.
pub const TURNS: &str = "/v1/conversations/{conversation}/turns";
/// `POST`: somebody is typing.
pub const TYPING: &str = "/v1/conversations/{conversation}/typing";

/// `POST`: announce a blob, or ask how much of it is there.
pub const BLOBS: &str = "/v1/blobs";
/// `PATCH` with `Upload-Offset`: upload. `GET`, with `Range` or without: download.
pub const BLOB: &str = "/v1/blobs/{blob}";
/// `PUT`: attach a blob to a conversation. `DELETE`: detach it.
pub const CONVERSATION_BLOB: &str = "/v1/conversations/{conversation}/blobs/{blob}";

/// `PUT`: how this device is woken. `DELETE`: not at all.
pub const PUSH: &str = "/v1/push";

/// `GET`: Welcomes for this device.
pub const WELCOMES: &str = "/v1/welcomes";
/// `DELETE`: this Welcome was used, or can't be.
pub const WELCOME: &str = "/v1/welcomes/{welcome}";
/// `GET`, server-sent events: something has changed.
pub const STREAM: &str = "/v1/stream";

/// Puts a path parameter in place of `{name}`. The value must already be percent-encoded.
pub fn with(path: &str, name: &str, value: &str) -> String {
    path.replace(&format!("{{{name}}}"), value)
}
