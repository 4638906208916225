//! Infrasound's client as a state machine: inputs in, outputs out. It does no I/O and reads no clock.
//!
//! [`Client::handle`] is the one entry point. [`input`] says what goes in, [`output`] what the host must do with what
//! comes out. Time and randomness are arguments; what was stored comes in as records.

pub mod conversation {
    //! Conversations.
    pub mod summary;
}
pub mod event;
pub mod input;
pub mod journal;
pub mod message;
pub mod output;
pub mod safety_number;
pub mod warning;
