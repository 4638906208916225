//! `POST /v1/conversations/{conversation}/proposals`: submits a proposal to leave.

use axum::{Json, extract::State};
use infrasound_spec::{
    api::{
        conversations::{Accepted, SubmitProposal},
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

#[utoipa::path(post, path = paths::PROPOSALS, tag = "groups", operation_id = "submit_proposal",
    params(("conversation" = ConversationId, Path, description = "The group")),
    request_body = SubmitProposal,
    responses((status = 200, description = "The proposal is in the log", body = Accepted)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter(id): PathParameter<ConversationId>,
    Body(submit): Body<SubmitProposal>,
) -> Result<Json<Accepted>, ApiError> {
    app.submit_proposal(&session, &id, submit).await.map(Json)
}
