//! Addresses that the relay may call: https anywhere, plain http on this machine only.

use url::Url;

use crate::outbound::is_this_machine;

/// Why an address is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Not an absolute URL with a host.
    #[error("not a web address such as https://social.example")]
    NotAnAddress,
    /// Plain http to another machine: tokens would travel in clear.
    #[error("use https; plain http is only for an instance on this machine (localhost or 127.0.0.0/8)")]
    NotEncrypted,
    /// There is a user, path, query or fragment.
    #[error("give only the scheme and the host, without user, path, query or fragment")]
    MoreThanAHost,
}

/// Reads the address of an instance.
pub(super) fn parse_base(text: &str) -> Result<Url, AddressError> {
    let url = Url::parse(text.trim()).map_err(|_| AddressError::NotAnAddress)?;
    if !is_allowed(&url) {
        let wrong_scheme = url.scheme() != "http" || url.host().is_none();
        return Err(if wrong_scheme { AddressError::NotAnAddress } else { AddressError::NotEncrypted });
    }
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !bare || !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError::MoreThanAHost);
    }
    Ok(url)
}

/// Whether the relay may call this URL at all.
pub(super) fn is_allowed(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.host().is_some(),
        "http" => is_this_machine(url),
        _ => false,
    }
}

/// The host, with its port if it is not the scheme's own.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_and_http_on_this_machine_are_accepted() {
        for (text, expected) in [
            ("https://social.example", "social.example"),
            ("https://social.example:8443/", "social.example:8443"),
            ("http://127.0.0.3", "127.0.0.3"),
            ("http://localhost:8787", "localhost:8787"),
            ("http://[::1]:80", "[::1]"),
        ] {
            assert_eq!(authority(&parse_base(text).unwrap()), expected);
        }
    }

    #[test]
    fn http_to_another_machine_is_refused_with_the_reason() {
        for text in ["http://social.example", "http://10.0.0.1", "http://localhost.example"] {
            assert_eq!(parse_base(text), Err(AddressError::NotEncrypted), "{text}");
        }
    }

    #[test]
    fn what_is_not_an_instance_address_is_refused() {
        assert_eq!(parse_base("social.example"), Err(AddressError::NotAnAddress));
        assert_eq!(parse_base("ftp://social.example"), Err(AddressError::NotAnAddress));
        for text in [
            "https://a@social.example",
            "https://social.example/x",
            "https://social.example/?q",
            "https://h/#f",
        ] {
            assert_eq!(parse_base(text), Err(AddressError::MoreThanAHost), "{text}");
        }
    }
}
