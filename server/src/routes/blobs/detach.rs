//! `DELETE /v1/conversations/{conversation}/blobs/{blob}`: detaches a blob, by the account that uploaded it.

use axum::{extract::State, http::StatusCode};
use infrasound_spec::{api::paths, blob::BlobId, conversation::ConversationId};

use super::{own, unattached_until};
use crate::{
    app::App,
    body::PathParameter,
    error::ApiError,
    session::Authenticated,
    store::{blob, conversation},
};

#[utoipa::path(delete, path = paths::CONVERSATION_BLOB, tag = "blobs", operation_id = "detach_blob",
    params(("conversation" = ConversationId, Path, description = "The conversation"),
        ("blob" = BlobId, Path, description = "The blob")),
    responses((status = 204, description = "It is not attached")), security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter((conversation, id)): PathParameter<(ConversationId, BlobId)>,
) -> Result<StatusCode, ApiError> {
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                own(tx.conn, &session, &id).await?;
                let row = conversation::load(tx.conn, &conversation).await?;
                let detached = match row {
                    Some(row) => blob::detach(tx.conn, &id, row.key, unattached_until(tx.now)).await?,
                    None => false,
                };
                if detached { Ok(()) } else { Err(ApiError::not_found("attachment")) }
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
