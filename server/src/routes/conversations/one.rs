//! `GET /v1/conversations/{conversation}`: one conversation of the session's account.

use axum::{Json, extract::State};
use infrasound_spec::{
    api::{conversations::ConversationHead, paths},
    conversation::{ConversationId, ConversationKind},
};

use super::of_account;
use crate::{app::App, body::PathParameter, error::ApiError, session::Authenticated, store::membership};

#[utoipa::path(get, path = paths::CONVERSATION, tag = "conversations", operation_id = "get_conversation",
    params(("conversation" = ConversationId, Path, description = "The conversation")),
    responses((status = 200, description = "The conversation", body = ConversationHead)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter(id): PathParameter<ConversationId>,
) -> Result<Json<ConversationHead>, ApiError> {
    let mut snapshot = app.read().await?;
    let of = of_account(&mut snapshot, &session, &id).await?;
    let is_of_group = of.row.kind == ConversationKind::Group && of.row.founded;
    if is_of_group && !membership::is_member(&mut snapshot, of.row.key, of.part.account).await? {
        return Err(ApiError::not_found("conversation"));
    }
    let described = app.describe(&mut snapshot, &session, &of.row).await?;
    drop(snapshot);
    app.reveal(&session, described).await.map(Json)
}
