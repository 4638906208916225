//! The hub: what enters a conversation's log, and what becomes of it.
//!
//! | module | question |
//! |---|---|
//! | [`framing`] | are these bytes the MLS message that they should be? |
//! | [`handshake`] | is this commit, with its Welcome and GroupInfo, valid in this group? |
//! | [`founding`], [`submit_commit`], [`submit_message`] | may it be appended, and what follows? |
//! | [`provisional`] | does a commit stand? |
//! | [`consent`] | may this account ask that one? |
//!
//! Spec: `conversations.md`.

pub(crate) mod consent;
pub(crate) mod current;
pub(crate) mod founding;
pub(crate) mod framing;
pub(crate) mod handshake;
pub(crate) mod missing;
pub(crate) mod provisional;
pub(crate) mod public_group;
pub(crate) mod submit_commit;
pub(crate) mod submit_message;
