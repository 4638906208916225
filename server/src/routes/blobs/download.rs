//! `GET /v1/blobs/{blob}`: a blob's sealed bytes, whole or in part, read as they are sent. `HEAD` is the same without them.

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use infrasound_spec::{api::paths, blob::BlobId};
use tokio::{fs::File, io::AsyncReadExt as _};

use super::{
    failed,
    range::{Wanted, wanted},
};
use crate::{app::App, body::PathParameter, error::ApiError, session::Authenticated, store::blob};

/// Bytes in memory for each download.
const PIECE: u64 = 64 * 1024;

#[utoipa::path(get, path = paths::BLOB, tag = "blobs", operation_id = "download_blob",
    params(("blob" = BlobId, Path, description = "The blob"),
        ("range" = Option<String>, Header, description = "bytes=FIRST-LAST")),
    responses(
        (status = 200, description = "Its bytes", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "Some of them", body = Vec<u8>, content_type = "application/octet-stream")),
    security(("session" = [])))]
pub(crate) async fn handle(
    State(app): State<App>,
    Authenticated(session): Authenticated,
    PathParameter(id): PathParameter<BlobId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let not_found = || ApiError::not_found("blob");
    let mut snapshot = app.read().await?;
    let row = blob::load(&mut snapshot, &id).await?.ok_or_else(not_found)?;
    let may_read =
        row.account == session.account || blob::is_for(&mut snapshot, &id, &session.device).await?;
    drop(snapshot);
    let there = app.blobs.length(&id).await.map_err(|error| failed(&error))?;
    // A file that is missing or cut is collected by the next look at it.
    if !may_read || !row.is_whole() || there < row.size {
        return Err(not_found());
    }
    let asked = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let (status, range) = match wanted(asked, row.size) {
        Wanted::Whole => (StatusCode::OK, 0..row.size),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Nothing => return Ok(nothing(row.size)),
    };
    let file = app.blobs.read(&id, range.start).await.map_err(|error| failed(&error))?;
    let length = range.end - range.start;
    let mut response = (status, Body::from_stream(pieces(file, length))).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    if status == StatusCode::PARTIAL_CONTENT {
        let text = format!("bytes {}-{}/{}", range.start, range.end - 1, row.size);
        headers.extend(HeaderValue::from_str(&text).ok().map(|value| (header::CONTENT_RANGE, value)));
    }
    Ok(response)
}

/// 416: there are no such bytes.
fn nothing(size: u64) -> Response {
    let mut error =
        ApiError::bad_request(format!("The blob has {size} bytes: there are none in this range."));
    error.0.status = StatusCode::RANGE_NOT_SATISFIABLE.as_u16();
    let mut response = error.into_response();
    let value = HeaderValue::from_str(&format!("bytes */{size}"));
    response.headers_mut().extend(value.ok().map(|value| (header::CONTENT_RANGE, value)));
    response
}

/// The next `length` bytes of a file, piece by piece, as fast as they are taken.
fn pieces(file: File, length: u64) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    stream::try_unfold((file, length), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let size = usize::try_from(left.min(PIECE)).unwrap_or_default();
        let mut piece = vec![0; size];
        file.read_exact(&mut piece).await?;
        Ok(Some((Bytes::from(piece), (file, left - size as u64))))
    })
}
