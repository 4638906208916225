//! `POST /v1/conversations/{conversation}/commits`: submits a commit.

use axum::{Json, extract::State};
use infrasound_spec::{
    api::{
        conversations::{Accepted, SubmitCommit},
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

#[utoipa::path(post, path = paths::COMMITS, tag = "conversations", operation_id = "submit_commit",
    params(("conversation" = ConversationId, Path, description = "The conversation")),
    request_body = SubmitCommit,
    responses((status = 200, description = "The commit is in the log", body = Accepted)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter(id): PathParameter<ConversationId>,
    Body(submit): Body<SubmitCommit>,
) -> Result<Json<Accepted>, ApiError> {
    app.submit_commit(&session, &id, submit).await.map(Json)
}
