//! Consent at the hub: may this account ask that one? Blocks and the axes of the policy that a relay can judge.
//!
//! A block and a policy get the same answer, so that nobody can tell which it was. Spec: `relay-api.md` 8.

use infrasound_spec::{
    consent::{ContactState, NEW_ACCOUNT, Stranger, Verdict},
    time::Timestamp,
};

use crate::{
    error::ApiError,
    store::{Conn, account::Account, contact},
};

/// Whether the two talk already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acquaintance {
    /// They have a conversation.
    Conversation,
    /// They have none.
    None,
}

/// Fails with `no-consent` if `target` takes nothing from `asker`. Returns what `target` says of `asker`.
pub(crate) async fn check(
    conn: &mut Conn,
    asker: &Account,
    target: &Account,
    acquaintance: Acquaintance,
    now: Timestamp,
) -> Result<ContactState, ApiError> {
    let said = contact::load(conn, &target.uri, &asker.uri).await?;
    let refused = match (said, acquaintance) {
        (ContactState::Blocked, _) => true,
        (ContactState::None, Acquaintance::None) => target.policy.judge(&facts(asker, now)) == Verdict::Drop,
        _ => false,
    };
    if refused { Err(ApiError::no_consent()) } else { Ok(said) }
}

/// What a relay knows of somebody who asks. Who follows whom is for the client to judge.
fn facts(asker: &Account, now: Timestamp) -> Stranger {
    Stranger {
        followed: None,
        follower: None,
        new: asker.created_at.map(|created| now.millis_since(created) < NEW_ACCOUNT),
        limited: Some(asker.limited),
    }
}
