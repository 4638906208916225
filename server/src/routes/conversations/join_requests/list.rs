//! `GET /v1/conversations/{conversation}/join-requests`: who asks to be let in, for who may let them in.

use axum::{Json, extract::State};
use infrasound_spec::{
    api::{groups::JoinRequestList, paths, problem::ProblemType},
    conversation::ConversationId,
};

use crate::{
    app::App,
    body::PathParameter,
    error::ApiError,
    routes::conversations::{REQUEST_LIFETIME, of_member, only_in_groups},
    session::Authenticated,
    store::join_request,
};

#[utoipa::path(get, path = paths::JOIN_REQUESTS, tag = "groups", operation_id = "list_join_requests",
    params(("conversation" = ConversationId, Path, description = "The group")),
    responses((status = 200, description = "Who asks", body = JoinRequestList)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter(id): PathParameter<ConversationId>,
) -> Result<Json<JoinRequestList>, ApiError> {
    let mut snapshot = app.read().await?;
    let of = of_member(&mut snapshot, &session, &id).await?;
    only_in_groups(&of.row)?;
    let since = app.now().minus_millis(REQUEST_LIFETIME);
    let requests = join_request::list(&mut snapshot, of.row.key, since).await?;
    drop(snapshot);
    if !app.may_add(&session, &id).await? {
        return Err(ApiError::new(
            ProblemType::Forbidden,
            "Only who may add others sees who asks to be let in.",
        ));
    }
    Ok(Json(JoinRequestList { requests }))
}
