//! What happened outside, wishes aside.
//!
//! In JavaScript the input's name is its member `type`; see [`crate::value::tagged`].

use infrasound_core::{
    input::{self, HttpResponse},
    journal::{Scope, SealedRecord},
    output::RequestId,
};
use serde::Deserialize;

use super::record::StoredRecord;

/// One thing that happened outside.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Input {
    Response {
        request: u64,
        status: u16,
        #[serde(default)]
        retry_after: Option<u64>,
        #[serde(with = "serde_bytes")]
        body: Vec<u8>,
    },
    Unreachable {
        request: u64,
        error: TransportError,
    },
    StreamOpened,
    StreamEvent {
        data: String,
    },
    StreamClosed {
        error: TransportError,
    },
    Loaded {
        #[serde(with = "serde_bytes")]
        scope: [u8; 16],
        records: Vec<StoredRecord>,
    },
    Wake,
}

/// Why there was no answer.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum TransportError {
    Unreachable,
    TimedOut,
    Insecure,
    SpoolLost,
    TooLong,
}

impl From<Input> for input::Input {
    fn from(input: Input) -> Self {
        match input {
            Input::Response { request, status, retry_after, body } => {
                Self::Response(RequestId(request), HttpResponse { status, retry_after, body })
            }
            Input::Unreachable { request, error } => Self::Unreachable(RequestId(request), error.into()),
            Input::StreamOpened => Self::StreamOpened,
            Input::StreamEvent { data } => Self::StreamEvent(data),
            Input::StreamClosed { error } => Self::StreamClosed(error.into()),
            Input::Loaded { scope, records } => {
                Self::Loaded(Scope(scope), records.into_iter().map(SealedRecord::from).collect())
            }
            Input::Wake => Self::Wake,
        }
    }
}

impl From<TransportError> for input::TransportError {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::Unreachable => Self::Unreachable,
            TransportError::TimedOut => Self::TimedOut,
            TransportError::Insecure => Self::Insecure,
            TransportError::SpoolLost => Self::SpoolLost,
            TransportError::TooLong => Self::TooLong,
        }
    }
}
