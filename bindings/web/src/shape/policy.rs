//! Who may ask.

use infrasound_spec::consent::{self, Verdict};
use serde::{Deserialize, Serialize};

/// Who may ask: the five axes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "they are the words of Mastodon's notification policy")]
pub(crate) struct RequestPolicy {
    for_not_following: Verdict,
    for_not_followers: Verdict,
    for_new_accounts: Verdict,
    for_private_mentions: Verdict,
    for_limited_accounts: Verdict,
}

impl From<consent::RequestPolicy> for RequestPolicy {
    fn from(policy: consent::RequestPolicy) -> Self {
        Self {
            for_not_following: policy.for_not_following,
            for_not_followers: policy.for_not_followers,
            for_new_accounts: policy.for_new_accounts,
            for_private_mentions: policy.for_private_mentions,
            for_limited_accounts: policy.for_limited_accounts,
        }
    }
}

impl From<RequestPolicy> for consent::RequestPolicy {
    fn from(policy: RequestPolicy) -> Self {
        Self {
            for_not_following: policy.for_not_following,
            for_not_followers: policy.for_not_followers,
            for_new_accounts: policy.for_new_accounts,
            for_private_mentions: policy.for_private_mentions,
            for_limited_accounts: policy.for_limited_accounts,
        }
    }
}
