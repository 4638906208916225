//! Errors of the demo instance's API, in Mastodon's shape and words.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::book::{PostError, RegisterError};

/// Why a call to the API is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ApiError {
    #[error("Bad request")]
    BadRequest,
    #[error("invalid_client")]
    InvalidClient,
    #[error("invalid_grant")]
    InvalidGrant,
    #[error("invalid_scope")]
    InvalidScope,
    #[error("The access token is invalid")]
    InvalidToken,
    #[error("Your login is currently disabled")]
    LoginDisabled,
    #[error("This method requires an authenticated user")]
    NeedsUser,
    #[error("Record not found")]
    NotFound,
    #[error("This demo instance has public posts only")]
    NotPublic,
    #[error("This action is outside the authorized scopes")]
    OutOfScope,
    #[error(transparent)]
    Post(#[from] PostError),
    #[error(transparent)]
    Register(#[from] RegisterError),
    #[error("The demo instance could not write its file")]
    Storage,
    #[error("unauthorized_client")]
    UnauthorizedClient,
    #[error("unsupported_grant_type")]
    UnsupportedGrantType,
}

impl ApiError {
    fn status(self) -> StatusCode {
        match self {
            Self::BadRequest | Self::InvalidGrant | Self::InvalidScope | Self::UnsupportedGrantType => {
                StatusCode::BAD_REQUEST
            }
            Self::InvalidClient | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::LoginDisabled | Self::OutOfScope | Self::UnauthorizedClient => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NeedsUser | Self::NotPublic | Self::Post(_) | Self::Register(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::Storage => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// OAuth's errors are words for programs; people get a sentence beside them.
    fn description(self) -> Option<&'static str> {
        match self {
            Self::InvalidClient => Some(
                "Client authentication failed due to unknown client, no client authentication included, or \
                 unsupported authentication method.",
            ),
            Self::InvalidGrant => Some(
                "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI \
                 used in the authorization request, or was issued to another client.",
            ),
            Self::InvalidScope => Some("The requested scope is invalid, unknown, or malformed."),
            Self::UnauthorizedClient => Some("You are not authorized to revoke this token"),
            Self::UnsupportedGrantType => {
                Some("The authorization grant type is not supported by the authorization server.")
            }
            _ => None,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = match self.description() {
            Some(description) => json!({ "error": self.to_string(), "error_description": description }),
            None => json!({ "error": self.to_string() }),
        };
        (self.status(), Json(body)).into_response()
    }
}
