//! What the instance signs its webhook with, and what a call of it says.
//!
//! Mastodon signs the body: `X-Hub-Signature: sha256=` and HMAC-SHA-256 in hex. Spec: `relay-api.md` 15.
//!
//! **Invariant:** of a body only the account that it is about is taken, as a cue to look. How that account stands, the
//! relay asks the instance itself: so a secret that was stolen buys looks, and nothing else.

use std::fmt;

use hmac::{Hmac, Mac as _};
use infrasound_spec::account::{AccountUri, Handle};
use serde::Deserialize;
use sha2::Sha256;
use zeroize::Zeroizing;

/// The header with the signature.
pub(crate) const SIGNATURE_HEADER: &str = "x-hub-signature";

/// The secret that the instance shows its admins beside the webhook.
#[derive(Clone)]
pub struct WebhookSecret(Zeroizing<String>);

impl WebhookSecret {
    /// Takes the secret as the instance shows it.
    pub fn new(secret: String) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// Whether the signature is that of the body.
    pub(crate) fn signed(&self, body: &[u8], signature: &str) -> bool {
        let mut given = [0; 32];
        let is_hex = signature
            .strip_prefix("sha256=")
            .is_some_and(|digits| hex::decode_to_slice(digits, &mut given).is_ok());
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()) else { return false };
        // Compares in constant time.
        is_hex && mac.chain_update(body).verify_slice(&given).is_ok()
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.debug_struct("WebhookSecret").finish_non_exhaustive()
    }
}

/// Whom a call is about: by URI where the instance says it, else by handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cue {
    /// The account's URI.
    pub(crate) uri: Option<AccountUri>,
    /// Its name, if it is an account of the instance itself.
    pub(crate) name: Option<String>,
}

/// The part of a call that is read.
#[derive(Deserialize)]
struct Event {
    event: String,
    #[serde(default)]
    object: Object,
}

/// An account as admins see it. Of the instance's own ones `domain` is null.
#[derive(Deserialize, Default)]
struct Object {
    username: Option<String>,
    domain: Option<String>,
    account: Option<Entity>,
}

#[derive(Deserialize)]
struct Entity {
    uri: Option<String>,
}

impl Cue {
    /// Reads a call. `None`: it is about no account, such as the test that an admin may send.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let Event { event, object } = serde_json::from_slice(body).ok()?;
        if !event.starts_with("account.") || object.domain.is_some() {
            return None;
        }
        let uri = object.account.and_then(|account| account.uri?.parse().ok());
        let cue = Self { uri, name: object.username };
        (cue.uri.is_some() || cue.name.is_some()).then_some(cue)
    }

    /// The handle that the account has if it is of this domain.
    pub(crate) fn handle(&self, domain: &str) -> Option<Handle> {
        Handle::new(self.name.as_deref()?, domain).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn the_signature_is_hmac_sha_256_in_hex() {
        let secret = WebhookSecret::new("Jefe".to_owned());
        let body = b"what do ya want for nothing?";
        let good = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert!(secret.signed(body, good));
        assert!(secret.signed(body, &good.replace('b', "B")));
        assert!(!secret.signed(b"what do ya want for something?", good));
        assert!(!WebhookSecret::new("jefe".to_owned()).signed(body, good));
        for bad in ["", "sha256=", "sha1=5bdcc146", &good[7..], &good[..good.len() - 2], "sha256=zz"] {
            assert!(!secret.signed(body, bad), "{bad}");
        }
    }

    #[test]
    fn the_secret_is_not_printed() {
        assert_eq!(format!("{:?}", WebhookSecret::new("Jefe".to_owned())), "WebhookSecret { .. }");
    }

    #[test]
    fn a_cue_is_read_from_what_mastodon_sends_and_nothing_from_the_rest() {
        let body = br#"{"event":"account.updated","created_at":"2026-01-01T00:00:00Z","object":{"id":"1",
            "username":"alice","domain":null,"suspended":true,"account":{"uri":"https://h.example/users/alice"}}}"#;
        let cue = Cue::read(body).unwrap();
        assert_eq!(cue.uri.as_ref().unwrap().as_str(), "https://h.example/users/alice");
        assert_eq!(cue.handle("h.example").unwrap().as_str(), "@alice@h.example");
        let old = Cue::read(br#"{"event":"account.approved","object":{"username":"bob"}}"#).unwrap();
        assert_eq!((old.uri, old.name.as_deref()), (None, Some("bob")));
        for nothing in [
            r#"{"event":"report.created","object":{"username":"alice"}}"#,
            r#"{"event":"account.updated","object":{"username":"alice","domain":"other.example"}}"#,
            r#"{"event":"account.updated"}"#,
            "{",
        ] {
            assert_eq!(Cue::read(nothing.as_bytes()), None, "{nothing}");
        }
    }
}
