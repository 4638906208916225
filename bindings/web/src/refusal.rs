//! What is thrown: an object with a code for a program and a text for a person.

use std::fmt::Display;

use infrasound_core::{
    OpenError, RegisterError,
    blob::{BlobRefused, SealError},
};
use serde::Serialize;
use wasm_bindgen::JsValue;

use crate::value;

/// Something can't be done, and nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) text: String,
}

impl Refusal {
    /// What JavaScript gave is not what it must be.
    pub(crate) fn malformed(reason: &dyn Display) -> Self {
        let text = reason.to_string();
        // What serde says comes as an error of JavaScript, with that in front.
        Self { code: "malformed", text: text.strip_prefix("Error: ").unwrap_or(&text).to_owned() }
    }
}

impl From<RegisterError> for Refusal {
    fn from(error: RegisterError) -> Self {
        let code = match error {
            RegisterError::DeviceName => "device-name",
            RegisterError::AccountHasDevices => "account-has-devices",
        };
        Self { code, text: error.to_string() }
    }
}

impl From<OpenError> for Refusal {
    fn from(error: OpenError) -> Self {
        let code = match error {
            OpenError::NoDevice => "no-device",
            OpenError::Damaged(_) => "storage-damaged",
            OpenError::FromTheFuture { .. } => "newer-version",
        };
        Self { code, text: error.to_string() }
    }
}

impl From<SealError> for Refusal {
    fn from(error: SealError) -> Self {
        let code = match error {
            SealError::Changed => "file-changed",
            SealError::TooLong => "too-long",
        };
        Self { code, text: error.to_string() }
    }
}

impl From<BlobRefused> for Refusal {
    fn from(error: BlobRefused) -> Self {
        Self { code: "file-refused", text: error.to_string() }
    }
}

impl From<Refusal> for JsValue {
    fn from(refusal: Refusal) -> Self {
        value::to_js(&refusal).unwrap_or_else(|_| Self::from_str(&refusal.text))
    }
}
