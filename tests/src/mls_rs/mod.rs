//! A client of another making: MLS by `mls-rs` instead of openmls, no `infrasound-core`, the same wire types.
//!
//! It shows that what `spec/` says is enough to write a client. From our code it takes `infrasound-spec`: the wire
//! types, the signing inputs, the endorsement. What spec computes on openmls' types (the MLS parameters, reading a
//! leaf, the validity of a commit) is written here once more, on mls-rs' types.
//!
//! Where mls-rs differs:
//! - Its `SELF_REMOVE` is another number (0xF003), and a proposal of a number that it does not know has a length before its
//!   body, which the empty body of ours has not. So it declares ours, as a custom one, and cannot read it: when somebody
//!   leaves a group it lets others commit that, is left out by it, and comes back by an external commit.
//! - Its `IdentityProvider` is not shown a leaf's extensions. Endorsements are checked on the roster, on a copy of the
//!   group that replaces the group only if they hold.
//! - A commit comes without a GroupInfo that has our extension in it: a copy of the group applies it and makes one.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "test support: a step that fails fails the test, and says which"
)]

mod api;
mod conversation;
mod device;
mod entering;
mod founding;
mod groups;
mod identity;
mod joining;
mod keys;
mod log;
mod parameters;
mod roster;
mod rules;
mod sending;
mod talking;
#[cfg(test)]
mod tests;

pub use conversation::{MlsRsConversation, Received};
pub use device::{KeyPackageUse, MlsRsDevice};
pub use founding::{CommitError, Founded};
pub use joining::JoinError;
pub use keys::Keys;
pub use log::EntryError;
pub use parameters::MlsGroup;
pub use talking::Trouble;
