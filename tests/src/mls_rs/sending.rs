//! A message: content, frame, AAD, PrivateMessage.
//!
//! Spec: `conversations.md` 9, `content.md`.

use infrasound_spec::{
    content::Activity,
    message::{MessageAad, MessageError, MessageFrame},
};
use mls_rs::error::MlsError;

use super::conversation::MlsRsConversation;

/// Why a message is not made.
#[derive(Debug, thiserror::Error)]
pub(super) enum EncryptError {
    /// mls-rs refuses.
    #[error("mls-rs refuses to encrypt: {0}")]
    Mls(#[from] MlsError),
    /// The content does not fit into a frame.
    #[error(transparent)]
    Frame(#[from] MessageError),
}

impl MlsRsConversation {
    /// Encrypts an activity at this device's place in the log.
    pub(super) fn encrypt(&mut self, activity: &Activity) -> Result<Vec<u8>, EncryptError> {
        let frame = MessageFrame { seen: self.position, content: activity.encode() }.encode()?;
        let message = self.group.encrypt_application_message(&frame, MessageAad::default().encode())?;
        Ok(message.to_bytes()?)
    }
}
