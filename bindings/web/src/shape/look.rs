//! Where everything stands.

use infrasound_core::{Client, event};
use infrasound_spec::{account::DeviceId, blob::BlobId, consent::ContactState};
use serde::Serialize;

use super::{conversation::Conversation, person::Person, policy::RequestPolicy};

/// Where everything stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Look {
    me: Person,
    device: DeviceId,
    policy: RequestPolicy,
    caught_up: bool,
    idle: bool,
    conversations: Vec<Conversation>,
    contacts: Vec<Contact>,
    spooled: Vec<BlobId>,
}

/// Where the device stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Standing {
    me: Person,
    device: DeviceId,
    caught_up: bool,
    idle: bool,
    spooled: Vec<BlobId>,
}

/// What was said of somebody.
#[derive(Debug, Serialize)]
pub(crate) struct Contact {
    person: Person,
    consent: ContactState,
}

impl Standing {
    /// Looks at a client.
    pub(crate) fn of(client: &Client) -> Self {
        Self {
            me: client.account().into(),
            device: client.device(),
            caught_up: client.is_caught_up(),
            idle: client.is_idle(),
            spooled: client.spooled(),
        }
    }
}

impl Look {
    /// Looks at a client.
    pub(crate) fn at(client: &Client) -> Self {
        let contact = |(person, consent): (event::Person, _)| Contact { person: person.into(), consent };
        Self {
            me: client.account().into(),
            device: client.device(),
            policy: client.policy().into(),
            caught_up: client.is_caught_up(),
            idle: client.is_idle(),
            conversations: client.conversations().into_iter().map(Conversation::from).collect(),
            contacts: client.contacts().into_iter().map(contact).collect(),
            spooled: client.spooled(),
        }
    }
}
