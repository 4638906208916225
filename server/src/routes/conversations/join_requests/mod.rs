//! Requests to be let into a group. Spec: `groups.md` 7.3.

pub(crate) mod ask;
pub(crate) mod end;
pub(crate) mod list;

use infrasound_spec::{
    api::{groups::LinkProof, problem::ProblemType, stream::StreamEvent},
    conversation::ConversationId,
    external,
    members::Members,
    policy::{GroupPolicy, LinkTerms},
    signing::Purpose,
    time::Timestamp,
};

use crate::{error::ApiError, hub::current::Current, session::Session, store::participant, writer::Tx};

/// Somebody outside shows a link.
pub(super) struct Knock<'a> {
    pub(super) id: &'a ConversationId,
    pub(super) session: &'a Session,
    pub(super) proof: &'a LinkProof,
    pub(super) now: Timestamp,
}

/// The policy and the link's terms, if the link is good and its holder neither a member nor banned. To whom has no good
/// link, there is no such group.
pub(super) fn check_link<'a>(
    current: &'a Current,
    members: &Members,
    knock: &Knock<'_>,
) -> Result<(&'a GroupPolicy, LinkTerms), ApiError> {
    let Knock { id, session, proof, now } = knock;
    let unknown = || ApiError::not_found("conversation");
    let policy = current.policy.as_ref().ok_or_else(unknown)?;
    let terms = policy.live_link(&proof.link, *now).ok_or_else(unknown)?;
    let content = external::request_content(id, &session.account, &session.device);
    external::verify_link(&proof.link, Purpose::GroupInfoRequest, &content, &proof.signature)
        .map_err(|_| ApiError::bad_signature("the request, by the link's key,"))?;
    let forbidden = |detail: &str| Err(ApiError::new(ProblemType::Forbidden, detail));
    if policy.closed {
        return forbidden("The group is closed.");
    }
    if policy.banned.contains(&session.account) {
        return forbidden("This account may not join the group.");
    }
    if members.key_of(&session.account).is_some() {
        return forbidden("This account is in the group.");
    }
    Ok((policy, terms))
}

/// Tells who may let somebody in that the requests are not what they were.
pub(super) async fn tell(tx: &mut Tx<'_>, current: &Current) -> Result<(), ApiError> {
    crate::store::join_request::touch(tx.conn, current.key, tx.seq).await?;
    let mut may_add = std::collections::HashMap::new();
    for leaf in current.members.iter().filter(|leaf| !leaf.quiet) {
        if !may_add.contains_key(&leaf.account) {
            let part = participant::at(tx.conn, current.key, leaf.account).await?;
            may_add.insert(
                leaf.account,
                part.is_some_and(|part| current.allows(&part.uri, GroupPolicy::may_add)),
            );
        }
        if may_add.get(&leaf.account) == Some(&true) {
            tx.nudge(leaf.device, StreamEvent::JoinRequests { conversation: current.id });
        }
    }
    Ok(())
}
