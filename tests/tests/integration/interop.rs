//! A client made with mls-rs talks to one made with openmls: through the relay, and over what `spec/` says alone.
//!
//! Spec: `conversations.md`, `key-packages.md`, `content.md`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a step that fails fails the test")]

mod over_the_relay;
mod parameters;
