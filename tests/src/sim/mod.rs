//! One seeded world: real cores, a real hub on a real store in memory, virtual time, and a network that does its worst.
//!
//! A [`plan::Plan`] follows from a seed: who does what and when, and how bad network and machines are. A run is a function
//! of its plan, so a plan that fails can be run again, and made smaller ([`shrink`]) until what is left is the reason.
//!
//! # What is a failure
//! Checked after every step, as far as a step can show it, and once more when all is healed. Rules are those of the
//! design, section 9.
//!
//! | rule | a failure is |
//! |---|---|
//! | 1 | an acknowledged number that later stands for other bytes, or for two submissions; a log that gets shorter; an entry told twice to an app, or after a later one; at the end: an acknowledged note that a member lacks, has twice, or has elsewhere in the order than others |
//! | 2 | two devices whose commits are all confirmed, in the same epoch of a group, with another context or authenticator |
//! | 3 | a note shown on a device that was registered after it, or not a device any more when it was written; a message that the hub hands to a device with no leaf in its epoch |
//! | 4 | a persist that follows what leaves the device in one step; a submission that a client opened from the durable journal does not know; two ciphertexts under one submission id |
//! | 5 | a note or activity shown as somebody else's than who wrote it |
//! | 6 | a leaf of a device that is not its account's, or of an account that is not of the conversation; an epoch of a group that its committer had no right to make |
//! | 7 | a wish without an answer; at the end: one that is still to be done, or whose note is nowhere and was not said to have failed; a world that never comes to rest |
//! | 8 | a panic, of the hub or of a client |
//!
//! # What is none
//! - A message that waits while the network, the hub or its device is down, or for a person to accept somebody.
//! - A wish that fails with a reason, or that crashed before the app was told that it is stored.
//! - A note that only a device had which then started over, or that nobody could read because all devices that could did.
//! - Warnings: they say what happened. But in a world without lies, one that accuses the hub is a failure of rule 1.
//! - Bytes of HPKE encapsulations: they differ from run to run, and nothing depends on them.

mod acting;
pub mod campaign;
mod device;
mod fate;
mod grouping;
mod healing;
mod hub;
mod ledger;
mod lies;
mod membership;
pub mod mutants;
pub mod plan;
pub mod run;
pub mod shrink;
mod trace;
mod verdict;
mod watching;
mod world;

pub use self::{
    campaign::Outcome,
    run::{Report, run},
    verdict::{Rule, Violation},
};
