//! What stands between `//` and the path of a URI: a host, and a port if it is not the scheme's own.
//!
//! Whoever reads it must see the host that a browser would go to, so only the one form in which that is written is
//! accepted: letters, digits, `-`, `_` and `.`; four decimal numbers; or an IPv6 address in brackets.
//!
//! Spec: `identity.md` 1.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether the text is a host, maybe with a port other than the scheme's own.
pub(crate) fn is_authority(text: &str, default_port: u16) -> bool {
    match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']').is_some_and(|(address, port)| {
            is_ipv6(address) && (port.is_empty() || is_port(port, default_port))
        }),
        None => match text.find(':') {
            Some(colon) => is_host(&text[..colon]) && is_port(&text[colon..], default_port),
            None => is_host(text),
        },
    }
}

/// A colon and a port, as it is written if it is not left out.
fn is_port(text: &str, default_port: u16) -> bool {
    let port = text.strip_prefix(':').and_then(|digits| digits.parse::<u16>().ok());
    port.is_some_and(|port| port != default_port && format!(":{port}") == text)
}

fn is_host(text: &str) -> bool {
    let labels_fit = text.split('.').all(|label| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    });
    labels_fit && (!ends_in_a_number(text) || text.parse::<Ipv4Addr>().is_ok())
}

/// Whether browsers take the host for an IPv4 address, of which `127.1` and `0x7f.1` are some as well.
fn ends_in_a_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    last.bytes().all(|byte| byte.is_ascii_digit())
        || hex.is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// An address in its shortest form. Addresses that hold one of IPv4 have two, so they have none.
fn is_ipv6(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok_and(|address| address.to_string() == text.to_ascii_lowercase())
        && !text.contains('.')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    /// What a browser makes of it, written as it writes it.
    fn as_browsers_write_it(authority: &str) -> Option<String> {
        let url = Url::parse(&format!("https://{authority}/path")).ok()?;
        let plain = url.username().is_empty() && url.password().is_none() && url.path() == "/path";
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        plain.then(|| format!("{}{port}", url.host_str().unwrap_or_default()))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn what_is_accepted_leads_where_it_says(text in "[a-zA-Z0-9x:.\\[\\]@%_-]{0,24}") {
            if is_authority(&text, 443) && !text.to_ascii_lowercase().contains("xn--") {
                prop_assert_eq!(as_browsers_write_it(&text), Some(text.to_ascii_lowercase()));
            }
        }

        #[test]
        fn addresses_and_names_are_accepted_as_browsers_write_them(
            four: [u8; 4], eight: [u16; 8], name in "[a-z0-9_-]{1,8}(\\.[a-z][a-z0-9-]{0,8}){1,3}", port: u16,
        ) {
            let six = Ipv6Addr::from(eight);
            prop_assert!(is_authority(&Ipv4Addr::from(four).to_string(), 443));
            let in_brackets = is_authority(&format!("[{six}]"), 443);
            prop_assert!(in_brackets || six.to_ipv4().is_some());
            prop_assert!(is_authority(&name, 443), "{}", name);
            prop_assert_eq!(is_authority(&format!("{name}:{port}"), 443), port != 443);
        }
    }

    #[test]
    fn what_leads_elsewhere_or_nowhere_is_refused() {
        for text in [
            "",
            ":",
            ":80",
            "h:",
            "h:443",
            "h:080",
            "h:65536",
            "h:8:0",
            "@h",
            "a@h",
            "h.",
            ".h",
            "a..h",
            "127.1",
            "0x7f",
            "1.2.3.04",
            "h.09",
            "h.0x1",
            "1.2.3",
            "[::1",
            "::1",
            "[::1]x",
            "[::1]:",
            "[0::1]",
            "[::ffff:1.2.3.4]",
            "[]",
            "%68",
            "h/",
            "h ",
            "h!",
        ] {
            assert!(!is_authority(text, 443), "{text}");
        }
        for text in [
            "h",
            "H.example",
            "h:80",
            "127.0.0.1:8787",
            "[::1]",
            "[::1]:1",
            "a_b.example",
            "xn--bcher-kva.example",
        ] {
            assert!(is_authority(text, 443), "{text}");
        }
    }
}
