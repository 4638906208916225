//! `POST /v1/conversations`: founds a conversation.

use axum::{Json, extract::State};
use infrasound_spec::api::{
    conversations::{Accepted, FoundConversation},
    paths,
};

use crate::{app::App, body::Body, error::ApiError, session::Authenticated};

#[utoipa::path(post, path = paths::CONVERSATIONS, tag = "conversations", operation_id = "found_conversation",
    request_body = FoundConversation,
    responses((status = 200, description = "The founding commit is in the log", body = Accepted)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    Body(found): Body<FoundConversation>,
) -> Result<Json<Accepted>, ApiError> {
    app.found(&session, found).await.map(Json)
}
