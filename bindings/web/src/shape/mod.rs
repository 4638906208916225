//! What the core's types are in JavaScript: the same facts, as `types.d.ts` has them.
//!
//! They are plain serde types, so that tests can look at them without a browser.

pub(crate) mod answer;
pub(crate) mod attachment;
pub(crate) mod conversation;
pub(crate) mod event;
pub(crate) mod failure;
pub(crate) mod group;
pub(crate) mod input;
pub(crate) mod integer;
pub(crate) mod look;
pub(crate) mod message;
pub(crate) mod output;
pub(crate) mod person;
pub(crate) mod plain_text;
pub(crate) mod policy;
pub(crate) mod record;
pub(crate) mod warning;
pub(crate) mod wish;
