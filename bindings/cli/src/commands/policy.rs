//! `policy`: who may ask.

use infrasound_core::input::Wish;

use super::End;
use crate::{
    app::App,
    arguments::PolicyArguments,
    exit::CommandError,
    line::{Line, Policy},
};

pub(super) async fn policy(app: &mut App, changes: &PolicyArguments) -> Result<End, CommandError> {
    // What is not changed stays as the relay has it.
    app.catch_up().await?;
    let current = app.session.policy().await?;
    let mut policy = current;
    let axes = [
        (&mut policy.for_not_following, changes.for_not_following),
        (&mut policy.for_not_followers, changes.for_not_followers),
        (&mut policy.for_new_accounts, changes.for_new_accounts),
        (&mut policy.for_private_mentions, changes.for_private_mentions),
        (&mut policy.for_limited_accounts, changes.for_limited_accounts),
    ];
    for (axis, change) in axes {
        *axis = change.map_or(*axis, Into::into);
    }
    if policy != current {
        app.session.wish(Wish::SetPolicy(policy)).await?;
    }
    app.screen.show(&Line::Policy(Policy::from(&policy)))?;
    Ok(End::Leave)
}
