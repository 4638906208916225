//! Accounts: the ActivityPub actor URI that names one, the handle that people write, and the account key.
//!
//! Spec: `identity.md` 1.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize};

use crate::{authority, bytes::fixed_bytes};

/// The longest actor URI that is accepted, in bytes.
pub const MAX_ACCOUNT_URI: usize = 512;
/// The longest handle that is accepted, in bytes, both `@` included.
pub const MAX_HANDLE: usize = 320;

/// An ActivityPub actor URI: the name of an account, compared byte by byte.
///
/// Only an `http` or `https` URI with a host, without credentials, fragment, spaces or control characters is one.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = "uri"))]
#[serde(transparent)]
pub struct AccountUri(String);

/// Why a text is not the URI of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccountUriError {
    /// Longer than [`MAX_ACCOUNT_URI`].
    #[error("an account URI has at most {MAX_ACCOUNT_URI} bytes")]
    TooLong,
    /// Not an absolute `http` or `https` URI of the allowed form.
    #[error("an account URI is an absolute http or https URI without credentials, fragment or spaces")]
    NotAnActorUri,
}

impl AccountUri {
    /// Borrows the URI.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, with the port if the URI names one: what follows the last `@` in the account's handle.
    pub fn authority(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        rest.split(['/', '?']).next().unwrap_or("")
    }
}

impl FromStr for AccountUri {
    type Err = AccountUriError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_ACCOUNT_URI {
            return Err(AccountUriError::TooLong);
        }
        let rest = [("https://", 443), ("http://", 80)]
            .into_iter()
            .find_map(|(scheme, port)| Some((text.strip_prefix(scheme)?, port)));
        let (rest, default_port) = rest.ok_or(AccountUriError::NotAnActorUri)?;
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        // Parsers make something else of `\\`, and what follows `#` is no part of the name.
        let is_plain = rest.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#'));
        if is_plain && authority::is_authority(authority, default_port) {
            Ok(Self(text.to_owned()))
        } else {
            Err(AccountUriError::NotAnActorUri)
        }
    }
}

impl fmt::Display for AccountUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AccountUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountUri({})", self.0)
    }
}

impl<'de> Deserialize<'de> for AccountUri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What people write and read: `@name@host`. Names are folded to lower case, as WebFinger does in practice.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, example = "@alice@social.example"))]
#[serde(transparent)]
pub struct Handle(String);

/// A text is not a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a handle looks like @name@host")]
pub struct HandleError;

impl Handle {
    /// Makes a handle from its two parts.
    pub fn new(name: &str, host: &str) -> Result<Self, HandleError> {
        format!("@{name}@{host}").parse()
    }

    /// The whole handle, `@name@host`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the host.
    pub fn name(&self) -> &str {
        self.parts().0
    }

    /// The host, with a port if there is one.
    pub fn host(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&str, &str) {
        self.0[1..].split_once('@').unwrap_or(("", ""))
    }
}

impl FromStr for Handle {
    type Err = HandleError;

    /// Accepts `@name@host` and `name@host`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.len() > MAX_HANDLE {
            return Err(HandleError);
        }
        let (name, host) = text.strip_prefix('@').unwrap_or(text).split_once('@').ok_or(HandleError)?;
        let name_fits = !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        let host_fits = !host.is_empty()
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b':' | b'[' | b']'));
        if !(name_fits && host_fits) {
            return Err(HandleError);
        }
        Ok(Self(format!("@{name}@{host}").to_ascii_lowercase()))
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({})", self.0)
    }
}

impl<'de> Deserialize<'de> for Handle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

fixed_bytes!(
    /// The Ed25519 public key of an account; it endorses the account's devices.
    AccountKey,
    32
);

fixed_bytes!(
    /// The id of a device: 16 random bytes, made by the device.
    DeviceId,
    16
);

fixed_bytes!(
    /// The Ed25519 public key of a device: its MLS signature key, and what it signs its requests with.
    DeviceKey,
    32
);

fixed_bytes!(
    /// An Ed25519 signature (RFC 8032).
    Signature,
    64
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_uri_is_kept_byte_by_byte() {
        for uri in
            ["https://social.example/users/alice", "http://127.0.0.3/alice", "https://h.example:8443/@bob"]
        {
            assert_eq!(uri.parse::<AccountUri>().unwrap().as_str(), uri);
        }
    }

    #[test]
    fn what_is_not_an_actor_uri_is_refused() {
        for uri in [
            "",
            "alice",
            "ftp://social.example/alice",
            "https://",
            "https://alice@social.example/",
            "https://social.example/alice#main-key",
            "https://social.example/al ice",
            "HTTPS://social.example/alice",
            "https:///social.example/alice",
            "http://127.1/alice",
            "https://%73ocial.example/alice",
        ] {
            assert!(uri.parse::<AccountUri>().is_err(), "{uri}");
        }
        assert_eq!(
            format!("https://h.example/{}", "a".repeat(600)).parse::<AccountUri>(),
            Err(AccountUriError::TooLong)
        );
    }

    #[test]
    fn the_authority_keeps_the_port() {
        let uri: AccountUri = "http://localhost:8787/users/alice".parse().unwrap();
        assert_eq!(uri.authority(), "localhost:8787");
    }

    #[test]
    fn a_handle_is_folded_to_lower_case() {
        let handle: Handle = "Alice@Social.Example".parse().unwrap();
        assert_eq!(
            (handle.as_str(), handle.name(), handle.host()),
            ("@alice@social.example", "alice", "social.example")
        );
    }

    #[test]
    fn what_is_not_a_handle_is_refused() {
        for text in ["", "@", "alice", "@alice", "@@host", "@a b@host", "@alice@", "@alice@ho/st", "@a@b@c"] {
            assert!(text.parse::<Handle>().is_err(), "{text}");
        }
    }
}
