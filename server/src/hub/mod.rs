//! The hub: what enters a conversation's log, and what becomes of it.
//!
//! | module | question |
//! |---|---|
//! | [`framing`] | are these bytes the MLS message that they should be? |
//! | [`handshake`] | is this commit, with its Welcome and GroupInfo, valid in this group? |
//! | [`current`], [`groups`] | which group is the current one? |
//! | [`founding`], [`submit_commit`], [`submit_message`], [`submit_proposal`] | may it be appended, and what follows? |
//! | [`turns`] | whose commit comes next? |
//! | [`commit_wanted`] | who is asked to commit what nobody commits? |
//! | [`provisional`] | does a commit stand? |
//! | [`consent`] | may this account ask that one? |
//! | [`link_limit`] | may one more come in by this link? |
//!
//! Spec: `conversations.md`; `groups.md`.

pub(crate) mod commit_wanted;
pub(crate) mod consent;
pub(crate) mod current;
pub(crate) mod founding;
pub(crate) mod framing;
pub(crate) mod groups;
pub(crate) mod handshake;
pub(crate) mod link_limit;
pub(crate) mod missing;
pub(crate) mod provisional;
pub(crate) mod public_group;
pub(crate) mod submit_commit;
pub(crate) mod submit_message;
pub(crate) mod submit_proposal;
pub(crate) mod turns;
pub(crate) mod welcome;
