//! Consent: who may write to whom, in the vocabulary of Mastodon's notification policy.
//!
//! Spec: `relay-api.md` 8; `conversations.md` 10.

use serde::{Deserialize, Serialize};

use crate::time;

/// Accounts younger than this, in milliseconds, are new (as in Mastodon: 30 days).
pub const NEW_ACCOUNT: u64 = 30 * time::DAY;

/// What an account thinks of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ContactState {
    /// Nothing said: a first message is a request.
    #[default]
    None,
    /// Messages are welcome.
    Accepted,
    /// The request was put away without telling why; messages are kept, not delivered.
    Ignored,
    /// Nothing comes through.
    Blocked,
}

/// What is done with a stranger's first message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It arrives like any other.
    Accept,
    /// It is a request.
    Filter,
    /// It is refused.
    Drop,
}

/// Who may ask: the five axes of Mastodon's notification policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RequestPolicy {
    /// People the account does not follow. Judged by the account's client.
    pub for_not_following: Verdict,
    /// People who do not follow the account. Judged by the account's client.
    pub for_not_followers: Verdict,
    /// Accounts younger than 30 days. Judged by the relay.
    pub for_new_accounts: Verdict,
    /// Anybody who was never accepted. Judged by the relay.
    pub for_private_mentions: Verdict,
    /// Accounts that a moderator has limited. Judged by the relay.
    pub for_limited_accounts: Verdict,
}

impl Default for RequestPolicy {
    fn default() -> Self {
        Self {
            for_not_following: Verdict::Accept,
            for_not_followers: Verdict::Accept,
            for_new_accounts: Verdict::Accept,
            for_private_mentions: Verdict::Filter,
            for_limited_accounts: Verdict::Filter,
        }
    }
}

/// What is known of somebody who asks. `None`: the judge cannot know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stranger {
    /// The account follows them.
    pub followed: Option<bool>,
    /// They follow the account.
    pub follower: Option<bool>,
    /// Their account is younger than [`NEW_ACCOUNT`].
    pub new: Option<bool>,
    /// A moderator has limited them.
    pub limited: Option<bool>,
}

impl RequestPolicy {
    /// The strictest verdict of the axes that apply. An axis whose fact is unknown does not apply here: the other
    /// judge knows it.
    pub fn judge(&self, stranger: &Stranger) -> Verdict {
        if stranger.followed == Some(true) {
            return Verdict::Accept;
        }
        [
            (Some(true), self.for_private_mentions),
            (stranger.followed.map(|followed| !followed), self.for_not_following),
            (stranger.follower.map(|follower| !follower), self.for_not_followers),
            (stranger.new, self.for_new_accounts),
            (stranger.limited, self.for_limited_accounts),
        ]
        .into_iter()
        .filter_map(|(applies, verdict)| (applies == Some(true)).then_some(verdict))
        .max()
        .unwrap_or(Verdict::Filter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_is_a_request_by_default() {
        assert_eq!(RequestPolicy::default().judge(&Stranger::default()), Verdict::Filter);
    }

    #[test]
    fn the_strictest_axis_decides() {
        let policy = RequestPolicy { for_new_accounts: Verdict::Drop, ..RequestPolicy::default() };
        assert_eq!(policy.judge(&Stranger { new: Some(true), ..Stranger::default() }), Verdict::Drop);
        assert_eq!(policy.judge(&Stranger { new: Some(false), ..Stranger::default() }), Verdict::Filter);
        assert_eq!(policy.judge(&Stranger { new: None, ..Stranger::default() }), Verdict::Filter);
    }

    #[test]
    fn whom_the_account_follows_always_passes() {
        let policy = RequestPolicy { for_private_mentions: Verdict::Drop, ..RequestPolicy::default() };
        assert_eq!(policy.judge(&Stranger { followed: Some(true), ..Stranger::default() }), Verdict::Accept);
    }
}
