//! Everything the demo instance knows, in memory; written to one file after each change.
//!
//! Time and secrets come in as arguments. Tokens and app secrets are kept as digests. Codes and browser sessions are
//! short-lived and not written.

mod account;
mod app;
mod grant;
mod post;
mod scope;
mod session;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use infrasound_spec::time::Timestamp;
use serde::{Deserialize, Serialize};

use self::session::Session;
pub(super) use self::{
    account::Account,
    app::{App, NewApp, OUT_OF_BAND, RegisterError},
    grant::{Code, RedeemError, Token},
    post::{MAX_POST, Post, PostError},
    scope::Scopes,
};

/// The demo instance's data.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Book {
    accounts: BTreeMap<String, Account>,
    apps: BTreeMap<String, App>,
    tokens: BTreeMap<String, Token>,
    posts: VecDeque<Post>,
    next_id: u64,
    /// Domains that the instance has nothing to do with.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    blocked: BTreeSet<String>,
    #[serde(skip)]
    codes: BTreeMap<String, Code>,
    #[serde(skip)]
    sessions: BTreeMap<String, Session>,
}

impl Book {
    /// A new instance with its four accounts.
    pub(super) fn new(now: Timestamp) -> Self {
        let mut book = Self::default();
        for name in ["alice", "bob", "carol", "dave"] {
            // Four known names in an empty book break no rule.
            let _ = book.sign_up(name, now);
        }
        book
    }

    /// Blocks a domain, or ends that.
    pub(super) fn set_blocked(&mut self, domain: &str, blocked: bool) {
        if blocked {
            self.blocked.insert(domain.to_owned());
        } else {
            self.blocked.remove(domain);
        }
    }

    /// The domains that are blocked.
    pub(super) fn blocked(&self) -> impl Iterator<Item = &str> {
        self.blocked.iter().map(String::as_str)
    }

    fn take_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}

/// Removes the entry that has waited longest, if there are `limit` or more.
fn make_room<T>(map: &mut BTreeMap<String, T>, limit: usize, age: impl Fn(&T) -> Timestamp) {
    while map.len() >= limit {
        let Some(oldest) = map.iter().min_by_key(|(_, entry)| age(entry)).map(|(key, _)| key.clone()) else {
            return;
        };
        map.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_form_is_pinned_and_holds_no_code_and_no_session() {
        let mut book = Book::default();
        let now = Timestamp::from_secs(1);
        book.sign_up("alice", now).unwrap();
        book.post("alice", "Hello", now).unwrap();
        book.start_session("secret", "alice", now);
        let stored = serde_json::to_string(&book).unwrap();
        assert_eq!(
            stored,
            r#"{"accounts":{"alice":{"id":1,"name":"alice","created":1000,"suspended":false}},"apps":{},"tokens":{},"posts":[{"id":2,"author":"alice","text":"Hello","created":1000}],"next_id":2}"#
        );
        let again: Book = serde_json::from_str(&stored).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), stored);
    }
}
