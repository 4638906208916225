//! `POST /v1/conversations/{conversation}/group-info`: what it takes to join by an external commit.
//!
//! | who asks | needs |
//! |---|---|
//! | a device of a member, under the account key that the group knows | nothing |
//! | anybody else | a link that is good, in a group that such links let in |
//!
//! Spec: `groups.md` 5.7.

use axum::{Json, extract::State};
use infrasound_spec::{
    api::{
        groups::{AskGroupInfo, GroupInfoGiven},
        paths,
        problem::ProblemType,
    },
    bytes::Base64Url,
    conversation::ConversationId,
    policy::{JoinMode, LinkKey, LinkTerms},
};
use tls_codec::Serialize as _;

use super::join_requests::{Knock, check_link};
use crate::{
    app::App,
    body::{Body, PathParameter},
    error::ApiError,
    hub::{
        current::{self, Loaded},
        link_limit,
    },
    session::{Authenticated, Session},
    store::{StoreError, group_state, head},
};

#[utoipa::path(post, path = paths::GROUP_INFO, tag = "groups", operation_id = "get_group_info",
    params(("conversation" = ConversationId, Path, description = "The conversation")),
    request_body = AskGroupInfo,
    responses((status = 200, description = "The group's public state", body = GroupInfoGiven)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter(id): PathParameter<ConversationId>,
    Body(AskGroupInfo { proof }): Body<AskGroupInfo>,
) -> Result<Json<GroupInfoGiven>, ApiError> {
    app.rates.knocks.take(&session.device, app.now())?;
    let mut place = app.live.groups.place(&id).await;
    let mut snapshot = app.read().await?;
    let loaded = current::load(&mut snapshot, &id, place.take()).await?;
    let loaded = loaded.ok_or_else(|| ApiError::not_found("conversation"))?;
    let by_link = if is_of_member(&loaded, &session) {
        Ok(None)
    } else {
        let knock = proof.as_ref().map(|proof| Knock { id: &id, session: &session, proof, now: app.now() });
        may_join(&loaded, knock.as_ref()).map(Some)
    };
    let tree = loaded.epoch.group.export_ratchet_tree().tls_serialize_detached();
    *place = Some(loaded.epoch);
    drop(place);
    if let Some((link, terms)) = by_link? {
        link_limit::check(&mut snapshot, loaded.current.key, &link, terms.uses).await?;
    }
    let (key, state_entry) = (loaded.current.key, loaded.current.state_entry);
    let group_info = group_state::group_info(&mut snapshot, key, state_entry).await?;
    let unreadable = |_| StoreError::Inconsistent { table: "group_states", column: "state" };
    Ok(Json(GroupInfoGiven {
        group_info: Base64Url(group_info.ok_or_else(|| ApiError::not_found("GroupInfo"))?),
        tree: Base64Url(tree.map_err(unreadable)?),
        proposals: loaded.pending.into_iter().map(|proposal| Base64Url(proposal.bytes)).collect(),
        last: head::load(&mut snapshot, key).await?.map_or(0, |head| head.last),
    }))
}

/// Whether the account has a leaf under the session's account key, and does not leave.
fn is_of_member(loaded: &Loaded, session: &Session) -> bool {
    let key = loaded.epoch.members.key_of(&session.account);
    key == Some(session.account_key) && !loaded.leaves(&session.account)
}

/// The link that lets its holder in, if it is good.
fn may_join(loaded: &Loaded, knock: Option<&Knock<'_>>) -> Result<(LinkKey, LinkTerms), ApiError> {
    let knock = knock.ok_or_else(|| ApiError::not_found("conversation"))?;
    let (policy, terms) = check_link(&loaded.current, &loaded.epoch.members, knock)?;
    if policy.join != JoinMode::Open {
        return Err(ApiError::new(ProblemType::Forbidden, "This link lets you ask, but not join."));
    }
    Ok((knock.proof.link, terms))
}
