//! An account.

use infrasound_core::event;
use infrasound_spec::{
    account::{AccountUri, Handle},
    api::conversations::Participant,
};
use serde::Serialize;

/// An account.
#[derive(Debug, Serialize)]
pub(crate) struct Person {
    account: AccountUri,
    handle: Handle,
}

impl From<event::Person> for Person {
    fn from(person: event::Person) -> Self {
        Self { account: person.account, handle: person.handle }
    }
}

impl From<Participant> for Person {
    fn from(participant: Participant) -> Self {
        Self { account: participant.account, handle: participant.handle }
    }
}
