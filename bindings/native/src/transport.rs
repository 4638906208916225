//! Requests to the relay over HTTP: bounded in time and size, no redirects, connections kept for the next request.

use std::time::Duration;

use infrasound_core::{
    input::{HttpResponse, TransportError},
    output::{BlobBytes, HttpRequest, MAX_RESPONSE, Method},
};
use infrasound_spec::api::blobs::UPLOAD_OFFSET;
use reqwest::{
    Client, RequestBuilder, Response,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RANGE, RETRY_AFTER},
    redirect::Policy,
};

use crate::relay_url::RelayUrl;

const USER_AGENT: &str = concat!("infrasound/", env!("CARGO_PKG_VERSION"));
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(30);
/// The relay sends a comment every 20 seconds.
const SILENCE: Duration = Duration::from_mins(1);

/// The way to one relay. Clones share their connections.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    relay: RelayUrl,
    requests: Client,
    streams: Client,
}

/// The HTTP client could not be made: the platform's certificates can't be read.
#[derive(Debug, thiserror::Error)]
#[error("no secure connections can be made on this machine: {0}")]
pub(crate) struct NoTls(#[from] reqwest::Error);

impl Transport {
    /// Makes the way to a relay; connects to nothing yet.
    pub(crate) fn new(relay: &RelayUrl) -> Result<Self, NoTls> {
        let client = || {
            let builder = Client::builder()
                .user_agent(USER_AGENT)
                .redirect(Policy::none())
                .connect_timeout(CONNECT)
                .tcp_keepalive(Duration::from_mins(1));
            // What stays on this machine has no use for a proxy.
            if relay.is_loopback() { builder.no_proxy() } else { builder }
        };
        Ok(Self {
            relay: relay.clone(),
            requests: client().timeout(ANSWER).build()?,
            streams: client().read_timeout(SILENCE).build()?,
        })
    }

    /// Makes a request and reads the whole answer.
    pub(crate) async fn request(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.carry(request, None).await
    }

    /// Makes a request that carries sealed bytes, if there are any.
    pub(crate) async fn carry(
        &self,
        request: HttpRequest,
        sealed: Option<Vec<u8>>,
    ) -> Result<HttpResponse, TransportError> {
        let url = self.relay.join(&request.path);
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Patch => reqwest::Method::PATCH,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut builder = authorized(self.requests.request(method, url), request.token.as_deref());
        if let Some(body) = request.body {
            builder = builder.header(CONTENT_TYPE, "application/json").body(body);
        }
        builder = match request.bytes {
            None => builder,
            Some(BlobBytes::Fetch { offset, length }) => {
                let last = offset.saturating_add(length).saturating_sub(1);
                builder.header(RANGE, format!("bytes={offset}-{last}"))
            }
            Some(BlobBytes::Send { offset, .. }) => builder
                .header(HeaderName::from_static(UPLOAD_OFFSET), offset)
                .header(CONTENT_TYPE, "application/octet-stream")
                .body(sealed.unwrap_or_default()),
        };
        read(builder.send().await.map_err(|error| fault(&error))?).await
    }

    /// Opens a stream of server-sent events after the event with this id.
    pub(crate) async fn open_stream(
        &self,
        path: &str,
        token: &str,
        last_event_id: Option<&str>,
    ) -> Result<Response, TransportError> {
        let mut builder = authorized(self.streams.get(self.relay.join(path)), Some(token))
            .header(ACCEPT, "text/event-stream");
        if let Some(id) = last_event_id.and_then(|id| HeaderValue::from_str(id).ok()) {
            builder = builder.header(HeaderName::from_static("last-event-id"), id);
        }
        let response = builder.send().await.map_err(|error| fault(&error))?;
        let is_stream = response
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
        if response.status().as_u16() == 200 && is_stream {
            Ok(response)
        } else {
            Err(TransportError::Unreachable)
        }
    }
}

fn authorized(builder: RequestBuilder, token: Option<&str>) -> RequestBuilder {
    let Some(mut value) = token.and_then(|token| HeaderValue::from_str(&format!("Bearer {token}")).ok())
    else {
        return builder;
    };
    value.set_sensitive(true);
    builder.header(AUTHORIZATION, value)
}

async fn read(mut response: Response) -> Result<HttpResponse, TransportError> {
    let status = response.status().as_u16();
    let retry_after = number(response.headers(), &RETRY_AFTER);
    // What the header promises is not trusted, but spares reading what is too long anyway.
    if response.content_length().is_some_and(|length| length > MAX_RESPONSE as u64) {
        return Err(TransportError::TooLong);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| fault(&error))? {
        if body.len() + chunk.len() > MAX_RESPONSE {
            return Err(TransportError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(HttpResponse { status, retry_after, body })
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// What a person can do about it differs for a bad certificate, and for nothing else.
pub(crate) fn fault(error: &reqwest::Error) -> TransportError {
    if error.is_timeout() {
        return TransportError::TimedOut;
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        // The TLS library's errors arrive inside of I/O errors.
        if error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::InvalidData)
        {
            return TransportError::Insecure;
        }
        cause = error.source();
    }
    TransportError::Unreachable
}

#[cfg(test)]
#[path = "transport_tests.rs"]
mod tests;
