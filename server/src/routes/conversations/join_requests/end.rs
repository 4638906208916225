//! `DELETE /v1/conversations/{conversation}/join-requests/{account}`: declines a request, or takes back one's own.

use axum::{extract::State, http::StatusCode};
use infrasound_spec::{
    account::AccountUri,
    api::{paths, problem::ProblemType},
    conversation::ConversationId,
};

use super::tell;
use crate::{
    app::App, body::PathParameter, error::ApiError, routes::conversations::of_member, session::Authenticated,
    store::join_request,
};

#[utoipa::path(delete, path = paths::JOIN_REQUEST, tag = "groups", operation_id = "end_join_request",
    params(("conversation" = ConversationId, Path, description = "The group"),
        ("account" = AccountUri, Path, description = "Who asks, percent-encoded")),
    responses((status = 204, description = "It is gone")), security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter((id, account)): PathParameter<(ConversationId, AccountUri)>,
) -> Result<StatusCode, ApiError> {
    if account != session.account {
        let mut snapshot = app.read().await?;
        of_member(&mut snapshot, &session, &id).await?;
        drop(snapshot);
        if !app.may_add(&session, &id).await? {
            return Err(ApiError::new(
                ProblemType::Forbidden,
                "Only who may add others declines who asks to be let in.",
            ));
        }
    }
    let unknown = || ApiError::not_found("request");
    let current = app.current_group(&id).await?.ok_or_else(unknown)?;
    let ended = app
        .writer
        .run(move |tx| {
            Box::pin(async move {
                let ended = join_request::delete(tx.conn, current.key, &account).await?;
                if ended {
                    tell(tx, &current).await?;
                }
                Ok(ended)
            })
        })
        .await?;
    if ended { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}
