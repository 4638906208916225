//! `GET /v1/conversations`: the conversations that the session's device is in.

use axum::{Json, extract::State};
use infrasound_spec::api::{conversations::ConversationList, paths};

use super::describe;
use crate::{app::App, error::ApiError, session::Authenticated, store::conversation};

#[utoipa::path(get, path = paths::CONVERSATIONS, tag = "conversations", operation_id = "list_conversations",
    responses((status = 200, description = "The device's conversations", body = ConversationList)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
) -> Result<Json<ConversationList>, ApiError> {
    let mut snapshot = app.read().await?;
    let mut conversations = Vec::new();
    for row in conversation::of_device(&mut snapshot, &session.device).await? {
        conversations.push(describe(&mut snapshot, &row, &session.device).await?);
    }
    Ok(Json(ConversationList { conversations }))
}
