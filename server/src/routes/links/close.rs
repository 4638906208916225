//! `DELETE /v1/links`: ends a channel. The other end learns it when it asks next.

use axum::{extract::State, http::StatusCode};
use infrasound_spec::api::paths;

use super::{AtEnd, still};
use crate::{app::App, error::ApiError, store::link, writer::Effect};

#[utoipa::path(delete, path = paths::LINKS, tag = "links", operation_id = "close_link",
    responses((status = 204, description = "It has ended")), security(("link" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    AtEnd { digest, .. }: AtEnd,
) -> Result<StatusCode, ApiError> {
    app.writer
        .run(move |tx| {
            Box::pin(async move {
                let link = still(tx, &digest).await?.link;
                link::delete(tx.conn, &link).await?;
                tx.effects.push(Effect::LinkMoved(link));
                Ok(())
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
