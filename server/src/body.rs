//! Bodies, paths and queries of requests: parsed at the edge, refused as problems.

use axum::{
    Json,
    extract::{
        FromRequest, FromRequestParts, Path, Query, Request,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::{StatusCode, request::Parts},
};
use infrasound_spec::{api::problem::ProblemType, limits};
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// A JSON body of at most [`limits::MAX_BODY`] bytes.
pub(crate) struct Body<T>(pub(crate) T);

/// One parameter of the path.
pub(crate) struct PathParameter<T>(pub(crate) T);

/// The query.
pub(crate) struct QueryParameters<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        Json::from_request(request, state).await.map(|Json(body)| Self(body)).map_err(|rejection| {
            let text = match &rejection {
                JsonRejection::BytesRejection(bytes) if bytes.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                    return too_large(limits::MAX_BODY);
                }
                JsonRejection::MissingJsonContentType(_) => {
                    "The body must be JSON, with the content type application/json.".to_owned()
                }
                other => format!("{}.", other.body_text()),
            };
            ApiError::bad_request(text)
        })
    }
}

/// `too-large`, for a body.
pub(crate) fn too_large(limit: usize) -> ApiError {
    ApiError::new(ProblemType::TooLarge, format!("The body of this request has at most {limit} bytes."))
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for PathParameter<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Path::from_request_parts(parts, state)
            .await
            .map(|Path(value)| Self(value))
            .map_err(|rejection: PathRejection| ApiError::bad_request(format!("{}.", rejection.body_text())))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for QueryParameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Query::from_request_parts(parts, state)
            .await
            .map(|Query(value)| Self(value))
            .map_err(|rejection: QueryRejection| ApiError::bad_request(format!("{}.", rejection.body_text())))
    }
}
