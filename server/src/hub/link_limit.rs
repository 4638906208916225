//! How many may come in by a link: the hub counts, as no member can. Spec: `groups.md` 5.5.

use infrasound_spec::{api::problem::ProblemType, policy::LinkKey};

use crate::{
    error::ApiError,
    store::{Conn, conversation::ConversationKey, link_use},
};

/// Refuses a link that is used up. `uses` as the policy has it: 0 is any number.
pub(crate) async fn check(
    conn: &mut Conn,
    key: ConversationKey,
    link: &LinkKey,
    uses: u32,
) -> Result<(), ApiError> {
    if uses > 0 && link_use::count(conn, key, link).await? >= u64::from(uses) {
        return Err(ApiError::new(ProblemType::Forbidden, "This link has been used up. Ask for another."));
    }
    Ok(())
}
