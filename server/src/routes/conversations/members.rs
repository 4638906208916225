//! `GET /v1/conversations/{conversation}/members`: names for the accounts that have leaves, or had while this one had.

use axum::{Json, extract::State};
use infrasound_spec::{
    api::{groups::MemberList, paths},
    conversation::ConversationId,
};

use super::of_member;
use crate::{app::App, body::PathParameter, error::ApiError, session::Authenticated, store::participant};

#[utoipa::path(get, path = paths::MEMBERS, tag = "groups", operation_id = "list_members",
    params(("conversation" = ConversationId, Path, description = "The conversation")),
    responses((status = 200, description = "The members' names", body = MemberList)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter(id): PathParameter<ConversationId>,
) -> Result<Json<MemberList>, ApiError> {
    let mut snapshot = app.read().await?;
    let of = of_member(&mut snapshot, &session, &id).await?;
    let members = participant::met(&mut snapshot, of.row.key, of.part.account).await?;
    Ok(Json(MemberList { members }))
}
