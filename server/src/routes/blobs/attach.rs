//! `PUT /v1/conversations/{conversation}/blobs/{blob}`: attaches a whole blob to a conversation, or renews that.

use axum::{extract::State, http::StatusCode};
use infrasound_spec::{api::paths, blob::BlobId, conversation::ConversationId};

use super::{own, with_leaf};
use crate::{app::App, body::PathParameter, error::ApiError, session::Authenticated, store::blob};

#[utoipa::path(put, path = paths::CONVERSATION_BLOB, tag = "blobs", operation_id = "attach_blob",
    params(("conversation" = ConversationId, Path, description = "The conversation"),
        ("blob" = BlobId, Path, description = "The blob")),
    responses((status = 204, description = "It is attached")), security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter((conversation, id)): PathParameter<(ConversationId, BlobId)>,
) -> Result<StatusCode, ApiError> {
    let retention = app.retention();
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                let row = own(tx.conn, &session, &id).await?;
                let conversation = with_leaf(tx.conn, &session, &conversation).await?;
                if !row.is_whole() {
                    let text = format!("{} of this blob's {} bytes are there.", row.received, row.size);
                    return Err(ApiError::invalid(text));
                }
                Ok(blob::attach(tx.conn, &id, conversation.key, tx.now.plus_millis(retention)).await?)
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
