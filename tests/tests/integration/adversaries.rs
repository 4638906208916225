//! Members, hubs, instances and removed devices that do what they must not: each test says what is attempted, and ends
//! with the people told, and talking.
//!
//! What a hub does in a direct conversation is in `tampering.rs`; what an honest hub refuses, in its own tests.
//!
//! Spec: `conversations.md` 7, 8, 11 and 13; `groups.md`.

mod fork;
mod hub;
mod instance;
mod member;
mod removed;
mod stage;
