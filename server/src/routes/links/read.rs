//! `GET /v1/links/frames`: the other end's frames. What was taken in goes; when nothing is there, it waits a while.

use std::time::Duration;

use axum::{Json, extract::State};
use infrasound_spec::{
    api::{
        links::{FramesQuery, LinkFrames, NumberedFrame},
        paths,
    },
    bytes::Base64Url,
    limits::MAX_LINK_WAIT,
};

use super::{AtEnd, ended};
use crate::{app::App, body::QueryParameters, error::ApiError, store::link};

#[utoipa::path(get, path = paths::LINKS_FRAMES, tag = "links", operation_id = "read_link_frames",
    params(("after" = Option<u64>, Query, description = "The last frame that was taken in"),
        ("wait" = Option<u64>, Query, description = "For how many seconds to wait if there is none")),
    responses((status = 200, description = "The other end's frames", body = LinkFrames)),
    security(("link" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    at: AtEnd,
    QueryParameters(query): QueryParameters<FramesQuery>,
) -> Result<Json<LinkFrames>, ApiError> {
    // Listened for before looking: nothing falls in between.
    let moved = app.live.links.moved(at.party.link);
    let wait = Duration::from_secs(query.wait.min(MAX_LINK_WAIT));
    let mut frames = app.frames(&at, query.after).await?;
    if frames.is_empty() && !wait.is_zero() {
        moved.within(wait).await;
        frames = app.frames(&at, query.after).await?;
    }
    Ok(Json(LinkFrames { frames }))
}

impl App {
    async fn frames(&self, at: &AtEnd, after: u64) -> Result<Vec<NumberedFrame>, ApiError> {
        let (link, other) = (at.party.link, at.party.side.other());
        let mut snapshot = self.read().await?;
        link::party(&mut snapshot, &at.digest, self.now()).await?.ok_or_else(ended)?;
        let all = link::frames(&mut snapshot, &link, other, 0).await?;
        drop(snapshot);
        if all.first().is_some_and(|(number, _)| *number <= after) {
            self.writer
                .run(move |tx| Box::pin(async move { Ok(link::taken(tx.conn, &link, other, after).await?) }))
                .await?;
        }
        let new = all.into_iter().filter(|(number, _)| *number > after);
        Ok(new.map(|(number, bytes)| NumberedFrame { number, frame: Base64Url(bytes) }).collect())
    }
}
