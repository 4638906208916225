//! A join link as people pass it on: the group's link, and the relay that has the group.
//!
//! Spec: `groups.md` 7.4.

use std::{fmt, str::FromStr};

use infrasound_core::group_link::{GroupLink, NotALink};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::relay_url::{RelayUrl, RelayUrlError};

const BEGINNING: &str = "infrasound:join?relay=";
/// What would end the relay's URL, or be taken for an escape, inside a query.
const ESCAPED: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'&').add(b'+').add(b'<').add(b'>');

/// A way into a group, and where. Its text is a secret: whoever has it may come in, or ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinLink {
    /// The relay that has the group.
    pub relay: RelayUrl,
    /// The link.
    pub link: GroupLink,
}

/// Why a text is no join link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JoinLinkError {
    /// It has another form, or a part of it is missing.
    #[error(transparent)]
    NotALink(#[from] NotALink),
    /// Its relay is none that a client talks to.
    #[error("the link names no relay that can be used: {0}")]
    Relay(#[from] RelayUrlError),
}

impl FromStr for JoinLink {
    type Err = JoinLinkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (relay, link) =
            text.trim().strip_prefix(BEGINNING).and_then(|rest| rest.split_once('#')).ok_or(NotALink)?;
        let relay = percent_decode_str(relay).decode_utf8().map_err(|_| NotALink)?;
        Ok(Self { relay: relay.parse()?, link: link.parse()? })
    }
}

impl fmt::Display for JoinLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let relay = utf8_percent_encode(self.relay.as_str(), ESCAPED);
        write!(f, "{BEGINNING}{relay}#{}", self.link.to_fragment())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Conversation 3…3, seed 7…7, name "Herd".
    const LINK: &str =
        "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM.BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc.SGVyZA";

    #[test]
    fn a_link_reads_as_it_was_written() {
        let text = format!("infrasound:join?relay=https://relay.example#{LINK}");
        let link: JoinLink = text.parse().unwrap();
        assert_eq!((link.relay.as_str(), link.link.name.as_str()), ("https://relay.example", "Herd"));
        assert_eq!(link.to_string(), text);
        let escaped = format!("infrasound:join?relay=https%3A%2F%2Frelay.example%2Fa%26b#{LINK}");
        let link: JoinLink = escaped.parse().unwrap();
        assert_eq!(link.to_string().parse(), Ok(link));
    }

    #[test]
    fn what_is_no_link_is_refused() {
        let not_a_link = [
            LINK.to_owned(),
            format!("https://relay.example#{LINK}"),
            "infrasound:join?relay=https://relay.example".to_owned(),
            format!("infrasound:join?relay=https://relay.example#{}", &LINK[1..]),
            format!("infrasound:join?relay=%ff#{LINK}"),
        ];
        for text in not_a_link {
            assert_eq!(text.parse::<JoinLink>(), Err(NotALink.into()), "{text}");
        }
        for relay in ["", "relay.example", "http://relay.example", "ftp://relay.example"] {
            let parsed = format!("infrasound:join?relay={relay}#{LINK}").parse::<JoinLink>();
            assert!(matches!(parsed, Err(JoinLinkError::Relay(_))), "{relay}");
        }
    }

    #[test]
    fn a_printed_link_has_no_seed() {
        let link: JoinLink = format!("infrasound:join?relay=https://relay.example#{LINK}").parse().unwrap();
        assert!(!format!("{link:?}").contains("BwcH"));
    }
}
