//! A client made with mls-rs talks to one made with openmls: through the relay, and over what `spec/` says alone.
//!
//! Spec: `conversations.md`, `groups.md`, `key-packages.md`, `content.md`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a step that fails fails the test")]

mod groups;
mod over_the_relay;
mod parameters;

use infrasound_spec::{account::AccountUri, content::Act};
use infrasound_tests::mls_rs::MlsRsConversation;

/// The notes of others that a conversation at mls-rs has: who wrote them, and what.
fn notes(conversation: &MlsRsConversation) -> Vec<(AccountUri, String)> {
    let notes = conversation.received.iter().filter_map(|received| match &received.activity.act {
        Act::Create(note) => Some((received.sender.account.clone(), note.html.clone())),
        _ => None,
    });
    notes.collect()
}
