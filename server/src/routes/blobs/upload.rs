//! `PATCH /v1/blobs/{blob}`: bytes of a blob, from an offset on. Acknowledged when they are on disk and noted.

use axum::{
    Json,
    body::{Body, BodyDataStream},
    extract::State,
    http::{HeaderMap, header::HeaderName},
};
use futures_util::TryStreamExt as _;
use infrasound_spec::{
    api::{
        blobs::{BlobState, UPLOAD_OFFSET},
        paths,
        problem::ProblemType,
    },
    blob::BlobId,
};
use tokio::{fs::File, io::AsyncWriteExt as _};

use super::{failed, own, unattached_until};
use crate::{
    app::App, blobs::BlobLock, body::PathParameter, error::ApiError, session::Authenticated, store::blob,
};

/// Bytes after which what has come is synced and noted, so that an upload that breaks off keeps most of it.
const STEP: u64 = 1024 * 1024;

#[utoipa::path(patch, path = paths::BLOB, tag = "blobs", operation_id = "upload_blob",
    params(("blob" = BlobId, Path, description = "The blob"),
        ("upload-offset" = u64, Header, description = "Where the bytes belong")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, description = "How much of it is there", body = BlobState)),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter(id): PathParameter<BlobId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<BlobState>, ApiError> {
    let offset = offset(&headers)?;
    let Some(lock) = app.blobs.lock(id) else { return Err(ApiError::unavailable()) };
    let mut snapshot = app.read().await?;
    let row = own(&mut snapshot, &session, &id).await?;
    drop(snapshot);
    let there = app.blobs.length(&id).await.map_err(|error| failed(&error))?;
    // A file that was lost is uploaded from its beginning.
    let received = if there < row.received { 0 } else { row.received };
    let mut upload = Upload { app: &app, id, lock: &lock, size: row.size, noted: received, at: received };
    if received < row.received {
        upload.note().await?;
    }
    if offset <= received {
        upload.take(offset, body.into_data_stream()).await?;
    }
    Ok(Json(BlobState { size: row.size, received: upload.noted }))
}

fn offset(headers: &HeaderMap) -> Result<u64, ApiError> {
    let value = headers.get(HeaderName::from_static(UPLOAD_OFFSET)).and_then(|value| value.to_str().ok());
    value
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| ApiError::bad_request("Upload-Offset says where the bytes belong: a number."))
}

/// An upload under way.
struct Upload<'a> {
    app: &'a App,
    id: BlobId,
    lock: &'a BlobLock,
    size: u64,
    /// What the database says is there.
    noted: u64,
    /// What was written.
    at: u64,
}

impl Upload<'_> {
    async fn take(&mut self, offset: u64, mut body: BodyDataStream) -> Result<(), ApiError> {
        let mut file = self.lock.write(self.at).await.map_err(|error| failed(&error))?;
        let mut skip = self.at - offset;
        // A client that hangs up keeps what it has sent.
        while let Ok(Some(bytes)) = body.try_next().await {
            let skipped = usize::try_from(skip).map_or(bytes.len(), |skip| skip.min(bytes.len()));
            skip -= skipped as u64;
            let new = &bytes[skipped..];
            if self.at.saturating_add(new.len() as u64) > self.size {
                let text = format!("This blob was announced with {} bytes.", self.size);
                return Err(ApiError::new(ProblemType::TooLarge, text));
            }
            file.write_all(new).await.map_err(|error| failed(&error))?;
            self.at += new.len() as u64;
            if self.at - self.noted >= STEP {
                self.keep(&mut file).await?;
            }
        }
        if self.at > self.noted { self.keep(&mut file).await } else { Ok(()) }
    }

    /// Durable first, then noted.
    async fn keep(&mut self, file: &mut File) -> Result<(), ApiError> {
        file.flush().await.map_err(|error| failed(&error))?;
        file.sync_data().await.map_err(|error| failed(&error))?;
        self.note().await
    }

    async fn note(&mut self) -> Result<(), ApiError> {
        let (id, at) = (self.id, self.at);
        let kept = self
            .app
            .writer
            .run(move |tx| {
                Box::pin(
                    async move { Ok(blob::set_received(tx.conn, &id, at, unattached_until(tx.now)).await?) },
                )
            })
            .await?;
        if !kept {
            return Err(ApiError::not_found("blob"));
        }
        self.noted = at;
        Ok(())
    }
}
