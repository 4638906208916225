//! A hub that lies in the logs that it shows: here only detection is required, not delivery.
//!
//! It names another sender for a message, or alters its bytes. Whoever takes such an entry in must be warned, and must
//! not be shown a message as somebody else's. Everything that was true is what the ledger has.

use infrasound_core::input::HttpResponse;
use infrasound_spec::{
    account::DeviceId,
    api::conversations::LogPage,
    conversation::ConversationId,
    log::{EntryKind, LogEntry},
};
use rand_chacha::rand_core::RngCore;

/// An entry that is not shown to a device as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lie {
    pub(super) conversation: ConversationId,
    pub(super) number: u64,
}

/// Alters a page of a log, now and then. `others` are devices that a message may be said to be from.
pub(super) fn tell(
    conversation: ConversationId,
    response: &mut HttpResponse,
    others: &[DeviceId],
    chance: &mut impl RngCore,
) -> Option<Lie> {
    let mut page: LogPage = serde_json::from_slice(&response.body).ok()?;
    if !chance.next_u32().is_multiple_of(4) {
        return None;
    }
    let message = |entry: &&mut LogEntry| entry.kind == EntryKind::Message && entry.bytes.is_some();
    let entry = page.entries.iter_mut().rfind(message)?;
    let other = others.iter().find(|other| Some(**other) != entry.submitter)?;
    if chance.next_u32().is_multiple_of(2) {
        entry.submitter = Some(*other);
    } else if let Some(last) = entry.bytes.as_mut().and_then(|bytes| bytes.0.last_mut()) {
        *last ^= 1;
    }
    let number = entry.number;
    response.body = serde_json::to_vec(&page).ok()?;
    Some(Lie { conversation, number })
}
