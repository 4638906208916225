//! `POST /v1/conversations/{conversation}/messages`: submits a message.

use axum::{Json, extract::State};
use infrasound_spec::{
    api::{
        conversations::{Accepted, SubmitMessage},
        paths,
    },
    conversation::ConversationId,
};

use crate::{
    app::App,
    body::{Body, PathParameter},
    error::ApiError,
    session::Authenticated,
};

#[utoipa::path(post, path = paths::MESSAGES, tag = "conversations", operation_id = "submit_message",
    params(("conversation" = ConversationId, Path, description = "The conversation")),
    request_body = SubmitMessage,
    responses((status = 200, description = "The message is in the log", body = Accepted)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter(id): PathParameter<ConversationId>,
    Body(submit): Body<SubmitMessage>,
) -> Result<Json<Accepted>, ApiError> {
    app.submit_message(&session, &id, submit).await.map(Json)
}
