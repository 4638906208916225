//! Bodies: Mastodon takes forms and JSON alike.

use axum::{
    Form, Json,
    extract::{FromRequest, Request},
    http::header::CONTENT_TYPE,
};
use serde::{Deserialize, de::DeserializeOwned};

use super::error::ApiError;

/// A body, whichever way it was written.
#[derive(Debug)]
pub(super) struct FormOrJson<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for FormOrJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let media =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let read = if media.starts_with("application/json") {
            Json::from_request(request, state).await.map(|Json(body)| body).ok()
        } else {
            Form::from_request(request, state).await.map(|Form(body)| body).ok()
        };
        read.map(Self).ok_or(ApiError::BadRequest)
    }
}

/// One text, or several: `redirect_uris` is either.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    Many(Vec<String>),
    One(String),
}

impl OneOrMany {
    /// A single text may hold several, one a line.
    pub(super) fn into_list(self) -> Vec<String> {
        match self {
            Self::Many(list) => list,
            Self::One(text) => text.split_ascii_whitespace().map(str::to_owned).collect(),
        }
    }
}
