//! Errors as the API answers them: every failure becomes one of the spec's problems, in this table and nowhere else.
//!
//! What went wrong inside is logged here, once, and not told to the client. Spec: `relay-api.md` 4.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use infrasound_spec::{
    account::AccountUri,
    api::{
        conversations::WrongEpoch,
        problem::{Problem, ProblemType},
    },
    log::LogEntry,
};

use crate::{
    instance::{CallError, IdentifyError, ResolveError, SignInError},
    store::{StoreError, backend},
};

/// A failed request.
#[derive(Debug, Clone)]
pub(crate) struct ApiError(pub(crate) Box<Problem>);

impl ApiError {
    /// A problem of a type, with what happened and what to do.
    pub(crate) fn new(problem_type: ProblemType, detail: impl Into<String>) -> Self {
        Self(Box::new(Problem::new(problem_type, detail)))
    }

    /// `bad-request`.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(ProblemType::BadRequest, detail)
    }

    /// `not-found`: it is not there, or not for this session.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(ProblemType::NotFound, format!("There is no such {what} for this device."))
    }

    /// `invalid`: it does not verify.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(ProblemType::Invalid, detail)
    }

    /// `bad-signature`.
    pub(crate) fn bad_signature(what: &str) -> Self {
        Self::new(ProblemType::BadSignature, format!("The signature over {what} does not verify."))
    }

    /// `no-consent`. One text for every reason, so that a block cannot be told from a policy.
    pub(crate) fn no_consent() -> Self {
        Self::new(ProblemType::NoConsent, "This account does not take messages from you.")
    }

    /// The same problem, said of an account: when many are asked at once.
    #[must_use]
    pub(crate) fn about(mut self, account: &AccountUri) -> Self {
        self.0.detail = format!("{account}: {}", self.0.detail);
        self
    }

    /// `wrong-epoch`, with the current epoch and the entries that are missing.
    pub(crate) fn moved_on(epoch: u64, entries: Vec<LogEntry>) -> Self {
        let mut error = Self::new(
            ProblemType::WrongEpoch,
            "The conversation has moved on. Apply the entries that come with this answer, then send again.",
        );
        error.0.wrong_epoch = Some(WrongEpoch { epoch, entries });
        error
    }

    /// `no-infrasound`: no device of the other account would ever read a message of this group.
    pub(crate) fn gone() -> Self {
        Self::new(
            ProblemType::NoInfrasound,
            "The other account has no device in this conversation any more. It has to be let in again first.",
        )
    }

    /// `rate-limited`, with the seconds to wait.
    pub(crate) fn rate_limited(seconds: u64) -> Self {
        let detail = format!("Too many requests. Try again in {seconds} seconds.");
        let mut error = Self::new(ProblemType::RateLimited, detail);
        error.0.retry_after = Some(seconds);
        error
    }

    /// `unavailable`: the relay is shutting down or has too much to do.
    pub(crate) fn unavailable() -> Self {
        let mut error =
            Self::new(ProblemType::Unavailable, "The relay cannot take this just now. Try again soon.");
        error.0.retry_after = Some(1);
        error
    }

    /// `internal`. The reason is logged by the caller.
    pub(crate) fn internal() -> Self {
        Self::new(ProblemType::Internal, "The relay failed. Its log says why. Try again later.")
    }

    /// `storage-full`: nothing was accepted.
    pub(crate) fn storage_full() -> Self {
        Self::new(
            ProblemType::StorageFull,
            "The relay's disk is full. Nothing was accepted; try again later.",
        )
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Full => Self::storage_full(),
            StoreError::Database(source) if backend::is_full(source) => {
                tracing::error!("the disk is full: nothing more is accepted until there is room");
                Self::storage_full()
            }
            StoreError::Database(source) => {
                tracing::error!(error = %source, "the database failed");
                Self::internal()
            }
            StoreError::Inconsistent { table, column } => {
                tracing::error!(table, column, "the database is inconsistent: {error}");
                Self::internal()
            }
        }
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl From<CallError> for ApiError {
    fn from(error: CallError) -> Self {
        tracing::warn!(%error, "the instance does not answer as it should");
        Self::new(
            ProblemType::InstanceUnreachable,
            format!("{}. Try again later.", capitalised(&error.to_string())),
        )
    }
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Call(error) => error.into(),
            _ => Self::new(ProblemType::InstanceRefused, format!("{}.", capitalised(&error.to_string()))),
        }
    }
}

impl From<IdentifyError> for ApiError {
    fn from(error: IdentifyError) -> Self {
        let problem = match &error {
            IdentifyError::TokenRefused => ProblemType::InstanceRefused,
            IdentifyError::Unreachable(_) | IdentifyError::Nonsense(_) => {
                tracing::warn!(%error, "the instance does not answer as it should");
                ProblemType::InstanceUnreachable
            }
            _ => ProblemType::AccountRefused,
        };
        Self::new(problem, format!("{}.", capitalised(&error.to_string())))
    }
}

impl From<ResolveError> for ApiError {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::NotFound { handle } => Self::new(
                ProblemType::UnknownAccount,
                format!("There is no account {handle} at the instance. Check the spelling."),
            ),
            ResolveError::Call { source, .. } => source.into(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (problem, retry_after) = (self.0.problem_type, self.0.retry_after);
        let mut response = (status, Json(self.0)).into_response();
        // For who counts.
        response.extensions_mut().insert(problem);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + chars.as_str())
}
