//! Where the relay is: a base URL, with `http` only where nobody is in between.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize};
use url::{Host, Url};

/// When this environment variable is set and not empty, `http` is accepted for any host. For test networks only: whoever
/// is in between then reads and changes everything but the encrypted messages.
pub const INSECURE_HTTP: &str = "INFRASOUND_INSECURE_HTTP";

/// The base URL of a relay, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct RelayUrl(String);

/// Why a text is not the URL of a relay that this client talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RelayUrlError {
    /// `http` to another machine.
    #[error("http:// is accepted for this machine only; use https://")]
    InsecureHttp,
    /// Not a URL of the allowed form.
    #[error("a relay's URL looks like https://relay.example, without a query, a fragment or a password")]
    NotABaseUrl,
}

impl RelayUrl {
    /// Borrows the URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL of a path on the relay.
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Whether the relay runs on this machine.
    pub fn is_loopback(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| is_loopback(&url))
    }

    fn parse(text: &str, insecure_http: InsecureHttp) -> Result<Self, RelayUrlError> {
        let url = Url::parse(text.trim()).map_err(|_| RelayUrlError::NotABaseUrl)?;
        let plain = url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        match url.scheme() {
            "https" | "http" if !plain => Err(RelayUrlError::NotABaseUrl),
            "http" if insecure_http == InsecureHttp::Refuse && !is_loopback(&url) => {
                Err(RelayUrlError::InsecureHttp)
            }
            "https" | "http" => Ok(Self(url.as_str().trim_end_matches('/').to_owned())),
            _ => Err(RelayUrlError::NotABaseUrl),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum InsecureHttp {
    Accept,
    Refuse,
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

impl FromStr for RelayUrl {
    type Err = RelayUrlError;

    /// Reads [`INSECURE_HTTP`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let insecure = std::env::var_os(INSECURE_HTTP).is_some_and(|value| !value.is_empty());
        Self::parse(text, if insecure { InsecureHttp::Accept } else { InsecureHttp::Refuse })
    }
}

impl fmt::Display for RelayUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RelayUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict(text: &str) -> Result<RelayUrl, RelayUrlError> {
        RelayUrl::parse(text, InsecureHttp::Refuse)
    }

    #[test]
    fn a_slash_at_the_end_makes_no_difference() {
        let relay = strict("https://relay.example/").unwrap();
        assert_eq!(relay, strict("https://relay.example").unwrap());
        assert_eq!(relay.join("/v1/relay"), "https://relay.example/v1/relay");
        assert_eq!(strict("https://h.example/infra/").unwrap().as_str(), "https://h.example/infra");
    }

    #[test]
    fn http_is_for_this_machine_only() {
        for local in ["http://127.0.0.1:8787", "http://127.8.9.1", "http://[::1]:80", "http://localhost:1"] {
            assert!(strict(local).unwrap().is_loopback(), "{local}");
        }
        for far in [
            "http://relay.example",
            "http://10.0.0.1",
            "http://127.0.0.1.example",
            "http://localhost.example",
        ] {
            assert_eq!(strict(far), Err(RelayUrlError::InsecureHttp), "{far}");
        }
        assert!(RelayUrl::parse("http://10.0.0.1", InsecureHttp::Accept).is_ok());
    }

    #[test]
    fn what_is_not_a_base_url_is_refused() {
        for text in [
            "",
            "relay.example",
            "ftp://relay.example",
            "https://a:b@relay.example",
            "https://r.example/?x",
            "https://r.example/#x",
            "https:",
        ] {
            assert_eq!(strict(text), Err(RelayUrlError::NotABaseUrl), "{text}");
        }
    }
}
