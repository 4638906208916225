//! OAuth scopes, in Mastodon's words.

use serde::{Deserialize, Serialize};

/// What this instance knows. A coarse scope includes those that begin with it.
const KNOWN: [&str; 6] = ["profile", "read", "read:accounts", "read:statuses", "write", "write:statuses"];

/// A set of scopes, as written by the app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::demo) struct Scopes(String);

impl Scopes {
    /// All that an app may ask for.
    pub(in crate::demo) const KNOWN: &'static [&'static str] = &KNOWN;

    /// Reads scopes parted by spaces; none given means `read`. `None`: one of them is unknown.
    pub(in crate::demo) fn parse(text: Option<&str>) -> Option<Self> {
        let mut names: Vec<_> = text.unwrap_or_default().split_ascii_whitespace().collect();
        if names.is_empty() {
            names.push("read");
        }
        names.dedup();
        let known = names.len() <= KNOWN.len() && names.iter().all(|name| KNOWN.contains(name));
        known.then(|| Self(names.join(" ")))
    }

    /// Whether all of these are among `others`.
    pub(in crate::demo) fn are_within(&self, others: &Self) -> bool {
        self.names().all(|name| others.include(name))
    }

    /// Whether `needed` is one of these or part of one.
    pub(in crate::demo) fn include(&self, needed: &str) -> bool {
        self.names()
            .any(|name| name == needed || needed.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')))
    }

    pub(in crate::demo) fn as_str(&self) -> &str {
        &self.0
    }

    pub(in crate::demo) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coarse_scope_includes_its_parts_and_nothing_else() {
        let read = Scopes::parse(Some("read")).unwrap();
        assert!(read.include("read:accounts") && read.include("read"));
        assert!(!read.include("write:statuses") && !read.include("profile") && !read.include("readable"));
        assert!(Scopes::parse(Some("read:accounts")).unwrap().are_within(&read));
        assert!(!read.are_within(&Scopes::parse(Some("read:accounts profile")).unwrap()));
    }

    #[test]
    fn unknown_scopes_are_refused_and_none_means_read() {
        assert_eq!(Scopes::parse(Some("read admin")), None);
        assert_eq!(Scopes::parse(None).unwrap().as_str(), "read");
    }
}
