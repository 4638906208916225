//! What an old device hands over: readable records, read from its journal place by place, never faster than they go out.
//!
//! First the root, which lists the conversations; then of each the pages of its timeline from the newest back, and the
//! notes on them; then the root again. If something has come in meanwhile, the pages since are handed over, too. Only a
//! root whose conversations are all handed over goes out itself, as the last.
//!
//! **Invariant:** no key, no MLS state, no intent and no key package is handed over: what may go is listed here.
//!
//! Spec: `devices.md` 6.

use std::collections::BTreeMap;

use infrasound_spec::{
    conversation::ConversationId,
    link::{LinkMessage, LinkPlace, LinkRecord},
};
use zeroize::Zeroizing;

use super::channel::Channel;
use crate::journal::{OpenedRecord, Place};

/// Bytes of the stream in one frame: with what is around them they fit into it, and into a JSON body.
const PIECE: usize = 60 * 1024;

/// How far a conversation is handed over.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Covered {
    position: u64,
    page: Option<u64>,
}

/// A conversation as the root lists it.
pub(crate) struct Line {
    pub(crate) id: ConversationId,
    pub(crate) position: u64,
    pub(crate) last_page: Option<u64>,
}

/// A page of a timeline as it was read.
pub(crate) struct Page {
    pub(crate) previous: Option<u64>,
    pub(crate) notes: Vec<String>,
}

/// A hand-over under way.
pub(crate) struct HandOver {
    /// The places to read, the next one last.
    places: Vec<Place>,
    covered: BTreeMap<ConversationId, Covered>,
    /// Down to which page a conversation was handed over before: those below are there.
    known: BTreeMap<ConversationId, u64>,
    stream: Zeroizing<Vec<u8>>,
    records: u64,
    complete: bool,
    ended: bool,
}

impl HandOver {
    pub(crate) fn new() -> Self {
        Self {
            places: vec![Place::Root],
            covered: BTreeMap::new(),
            known: BTreeMap::new(),
            stream: Zeroizing::new(Vec::new()),
            records: 0,
            complete: false,
            ended: false,
        }
    }

    /// How many records have been handed over.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// Whether nothing more is to come.
    pub(crate) fn is_ended(&self) -> bool {
        self.ended
    }

    /// The place whose records are wanted next.
    pub(crate) fn wants(&self) -> Option<&Place> {
        self.places.last()
    }

    /// The next frame with this number, if there is enough for one.
    pub(crate) fn frame(&mut self, channel: &Channel, number: u64) -> Option<Vec<u8>> {
        if self.stream.len() >= PIECE || (self.complete && !self.stream.is_empty()) {
            let length = self.stream.len().min(PIECE);
            let piece = Zeroizing::new(self.stream.drain(..length).collect::<Vec<u8>>());
            return Some(channel.seal(number, &LinkMessage::Records(&piece)));
        }
        if self.complete && !self.ended {
            self.ended = true;
            return Some(channel.seal(number, &LinkMessage::End { records: self.records }));
        }
        None
    }

    /// The root was read: these are its conversations.
    pub(crate) fn root(&mut self, lines: &[Line], records: &[OpenedRecord]) {
        self.places.pop();
        let mut places = Vec::new();
        for Line { id, position, last_page } in lines {
            let now = Covered { position: *position, page: *last_page };
            let before = self.covered.insert(*id, now);
            if before == Some(now) {
                continue;
            }
            if let Some(page) = before.and_then(|before| before.page) {
                self.known.insert(*id, page);
            }
            places.push(Place::Conversation(*id.as_bytes()));
            places.extend(last_page.map(|page| Place::Timeline(*id.as_bytes(), page)));
        }
        if places.is_empty() {
            for (name, value) in records.iter().filter(|(name, _)| is_of_root(name)) {
                self.put(LinkPlace::Root, name, value);
            }
            self.complete = true;
        } else {
            self.places = vec![Place::Root];
            self.places.extend(places);
        }
    }

    /// What is known of a conversation's receipts.
    pub(crate) fn conversation(&mut self, id: ConversationId, name: &[u8], state: Option<&[u8]>) {
        self.places.pop();
        if let Some(state) = state {
            self.put(LinkPlace::Conversation(id), name, state);
        }
    }

    /// A page was read.
    pub(crate) fn page(&mut self, id: ConversationId, number: u64, page: Page, records: &[OpenedRecord]) {
        self.places.pop();
        for (name, value) in records {
            self.put(LinkPlace::Timeline(id, number), name, value);
        }
        let known = self.known.get(&id).copied().unwrap_or(0);
        if let Some(previous) = page.previous.filter(|previous| *previous < number && *previous >= known) {
            self.places.push(Place::Timeline(*id.as_bytes(), previous));
        }
        self.places.extend(page.notes.into_iter().map(|note| Place::Note(*id.as_bytes(), note)));
    }

    /// A note was read, and what was done to it.
    pub(crate) fn note(&mut self, id: ConversationId, note: &str, records: &[OpenedRecord]) {
        self.places.pop();
        for (name, value) in records {
            self.put(LinkPlace::Note(id, note), name, value);
        }
    }

    fn put(&mut self, place: LinkPlace<'_>, name: &[u8], value: &[u8]) {
        let record = Zeroizing::new(LinkRecord { place, name, value }.encode());
        self.stream.extend_from_slice(&record);
        self.records += 1;
    }
}

/// What of the root may go to another device.
pub(super) fn is_of_root(name: &[u8]) -> bool {
    name.starts_with(b"contact/") || name.starts_with(b"summary/") || name == b"policy"
}
