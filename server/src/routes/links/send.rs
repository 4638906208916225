//! `POST /v1/links/frames`: a frame for the other end. A repeat of a number changes nothing.

use axum::{extract::State, http::StatusCode};
use infrasound_spec::{
    api::{links::NumberedFrame, paths, problem::ProblemType},
    limits::{MAX_LINK_FRAME, MAX_LINK_PENDING},
};

use super::{AtEnd, still};
use crate::{
    app::App,
    body::Body,
    error::ApiError,
    store::link,
    writer::{Effect, Tx},
};

/// When a sender that is too far ahead may try again, in seconds.
const RETRY_AFTER: u64 = 1;

#[utoipa::path(post, path = paths::LINKS_FRAMES, tag = "links", operation_id = "send_link_frame",
    request_body = NumberedFrame,
    responses((status = 204, description = "It waits for the other end")), security(("link" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    AtEnd { digest, .. }: AtEnd,
    Body(request): Body<NumberedFrame>,
) -> Result<StatusCode, ApiError> {
    if request.frame.0.len() > MAX_LINK_FRAME {
        let detail = format!("A frame of a link has at most {MAX_LINK_FRAME} bytes.");
        return Err(ApiError::new(ProblemType::TooLarge, detail));
    }
    app.writer.run(move |tx| Box::pin(async move { send(tx, &digest, &request).await })).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn send(tx: &mut Tx<'_>, digest: &[u8; 32], request: &NumberedFrame) -> Result<(), ApiError> {
    let party = still(tx, digest).await?;
    if (1..=party.sent).contains(&request.number) {
        return Ok(());
    }
    if request.number != party.sent + 1 {
        return Err(ApiError::bad_request(format!("The next frame has the number {}.", party.sent + 1)));
    }
    if link::pending(tx.conn, &party.link, party.side).await? >= MAX_LINK_PENDING {
        return Err(ApiError::rate_limited(RETRY_AFTER));
    }
    link::append(tx.conn, &party, &request.frame.0, tx.now).await?;
    tx.effects.push(Effect::LinkMoved(party.link));
    Ok(())
}
