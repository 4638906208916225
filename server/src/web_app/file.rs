//! A file of the web app, as it is answered.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};

use super::{is_known, not_modified};

/// Names in this folder hold a digest of the content: what is behind one never changes.
const HASHED: &str = "assets/";

/// A file, with what is to be known of it before it is read.
#[derive(Debug)]
pub(super) struct File {
    /// Where it is, without a slash at the beginning.
    pub(super) path: &'static str,
    /// The beginning of its digest.
    pub(super) tag: &'static str,
    pub(super) bytes: &'static [u8],
    /// The same, compressed.
    pub(super) brotli: Option<&'static [u8]>,
    pub(super) gzip: Option<&'static [u8]>,
}

impl File {
    /// The smallest form that the browser takes, or that it has it already.
    pub(super) fn answer(&self, asked: &HeaderMap) -> Response {
        let (encoding, bytes) = self.form(asked);
        // Each form is a different answer, so each has a tag of its own.
        let tag = format!("\"{}{}\"", self.tag, encoding.map(|name| format!("-{name}")).unwrap_or_default());
        let mut response =
            if is_known(asked, &tag) { not_modified() } else { Response::new(Body::from(bytes)) };
        let headers = response.headers_mut();
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(header::ETAG, tag);
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type()));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(self.caching()));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    }

    fn form(&self, asked: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
        let forms = [("br", self.brotli), ("gzip", self.gzip)];
        forms
            .into_iter()
            .filter(|(name, _)| accepts(asked, name))
            .find_map(|(name, bytes)| Some((Some(name), bytes?)))
            .unwrap_or((None, self.bytes))
    }

    fn caching(&self) -> &'static str {
        if self.path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" }
    }

    fn content_type(&self) -> &'static str {
        match self.path.rsplit_once('.').map_or("", |(_, ending)| ending) {
            "css" => "text/css; charset=utf-8",
            "html" => "text/html; charset=utf-8",
            "js" | "mjs" => "text/javascript; charset=utf-8",
            "json" | "map" => "application/json",
            "png" => "image/png",
            "svg" => "image/svg+xml",
            "txt" => "text/plain; charset=utf-8",
            "wasm" => "application/wasm",
            "webmanifest" => "application/manifest+json",
            "woff2" => "font/woff2",
            _ => "application/octet-stream",
        }
    }
}

/// Whether the browser takes an encoding. What it does not name it does not take.
fn accepts(asked: &HeaderMap, encoding: &str) -> bool {
    let accepted = asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted.unwrap_or_default().split(',').any(|accepted| {
        let mut parts = accepted.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let refused = |part: &str| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32));
        is_named && !parts.any(refused)
    })
}
