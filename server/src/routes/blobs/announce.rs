//! `POST /v1/blobs`: a blob will be uploaded; or how much of it is there. A repeat is answered with where it stands.

use axum::{Json, extract::State};
use infrasound_spec::{
    api::{
        blobs::{AnnounceBlob, BlobState},
        paths,
        problem::ProblemType,
    },
    blob::{self as lengths, BlobId},
};

use super::{failed, unattached_until};
use crate::{
    app::App,
    body::Body,
    error::ApiError,
    session::{Authenticated, Session},
    store::{blob, quota},
    writer::Tx,
};

/// What is announced.
#[derive(Clone, Copy)]
struct Announced {
    id: BlobId,
    size: u64,
    /// Whether some of it was there, and is not any more.
    is_lost: bool,
}

/// What an account may have.
#[derive(Clone, Copy)]
struct Allowance {
    blob: u64,
    /// Unless it has one of its own.
    quota: u64,
}

#[utoipa::path(post, path = paths::BLOBS, tag = "blobs", operation_id = "announce_blob",
    request_body = AnnounceBlob,
    responses((status = 200, description = "How much of it is there", body = BlobState)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    Body(AnnounceBlob { blob: id, size }): Body<AnnounceBlob>,
) -> Result<Json<BlobState>, ApiError> {
    let mut snapshot = app.read().await?;
    let known = blob::load(&mut snapshot, &id).await?;
    drop(snapshot);
    // What was noted before is on disk now, unless the file was lost.
    let is_lost = if let Some(row) = known {
        app.blobs.length(&id).await.map_err(|error| failed(&error))? < row.received
    } else {
        app.rates.blobs.take(&session.account, app.now())?;
        false
    };
    let announced = Announced { id, size, is_lost };
    let allowance =
        Allowance { blob: lengths::sealed_size(app.config.max_blob), quota: app.config.blob_quota };
    app.writer
        .run(move |tx| Box::pin(async move { announce(tx, &session, announced, allowance).await }))
        .await
        .map(Json)
}

async fn announce(
    tx: &mut Tx<'_>,
    session: &Session,
    announced: Announced,
    allowance: Allowance,
) -> Result<BlobState, ApiError> {
    let Announced { id, size, is_lost } = announced;
    if let Some(row) = blob::load(tx.conn, &id).await? {
        if row.account != session.account || row.size != size {
            let text = "This id was used for another blob.";
            return Err(ApiError::new(ProblemType::IdReused, text));
        }
        // A file that was lost is uploaded again.
        let received = if is_lost { 0 } else { row.received };
        blob::set_received(tx.conn, &id, received, unattached_until(tx.now)).await?;
        return Ok(BlobState { size, received });
    }
    if size == 0 || size > allowance.blob {
        let text = format!("A file has at most {} bytes here, sealed.", allowance.blob);
        return Err(ApiError::new(ProblemType::TooLarge, text));
    }
    let announced = blob::announced(tx.conn, &session.account).await?;
    let quota = quota::load(tx.conn, &session.account).await?.file_bytes.unwrap_or(allowance.quota);
    if announced.saturating_add(size) > quota {
        let text = format!(
            "Your account's files at the relay have {announced} of {quota} bytes already. They go by themselves in time."
        );
        return Err(ApiError::new(ProblemType::TooLarge, text));
    }
    blob::insert(tx.conn, &id, &session.account, size, unattached_until(tx.now)).await?;
    Ok(BlobState { size, received: 0 })
}
