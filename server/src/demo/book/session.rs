//! Browsers that are signed in to the demo instance's own pages.

use infrasound_spec::time::{DAY, Timestamp};

use super::{Account, Book, make_room};
use crate::demo::secret::digest;

const SESSION_LIFETIME: u64 = 7 * DAY;
const MAX_SESSIONS: usize = 1_000;

/// A signed-in browser.
#[derive(Debug, Clone)]
pub(super) struct Session {
    account: String,
    started: Timestamp,
}

impl Book {
    /// Remembers a browser by a secret that the caller made.
    pub(in crate::demo) fn start_session(&mut self, secret: &str, account: &str, now: Timestamp) {
        make_room(&mut self.sessions, MAX_SESSIONS, |session| session.started);
        self.sessions.insert(digest(secret), Session { account: account.to_owned(), started: now });
    }

    /// Forgets a browser.
    pub(in crate::demo) fn end_session(&mut self, secret: &str) {
        self.sessions.remove(&digest(secret));
    }

    /// Whose browser this is.
    pub(in crate::demo) fn session_account(&self, secret: &str, now: Timestamp) -> Option<&Account> {
        let session = self.sessions.get(&digest(secret))?;
        let fresh = now.millis_since(session.started) < SESSION_LIFETIME;
        self.account(&session.account).filter(|account| fresh && !account.suspended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_after_a_week_by_sign_out_or_by_suspension() {
        let start = Timestamp::from_secs(1);
        let mut book = Book::new(start);
        book.start_session("s", "alice", start);
        assert_eq!(book.session_account("s", start).unwrap().name, "alice");
        assert!(book.session_account("s", start.plus_millis(SESSION_LIFETIME)).is_none());
        book.set_suspended("alice", true);
        assert!(book.session_account("s", start).is_none());
        book.set_suspended("alice", false);
        book.end_session("s");
        assert!(book.session_account("s", start).is_none());
    }
}
