//! History as it is stored and read back: a timeline in pages, and for each note what it said and what was done to it.
//!
//! What is done to a note is a record of its own beside the note's, so that nothing has to be read to write it. Records
//! carry the account that made them: an edit or deletion counts only for a note of the same account.
//!
//! Spec: `journal.md` 3; `content.md` 4.

use std::collections::{BTreeMap, VecDeque};

use infrasound_spec::{
    account::AccountUri,
    content::{Act, Activity, Attachment, Note, ObjectId},
    conversation::ConversationId,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{Client, step::Step, telling::StoredChange};
use crate::{
    event::{Answer, Event, Failure, FailureCode},
    input::WishId,
    intent::{Intent, Stage, Work},
    journal::{OpenedRecord, Place},
    message::{Body, Message, MessageState, Reaction},
    stored,
};

/// Numbers of the log on one page of the timeline.
const PAGE: u64 = 64;
/// The record that names the page before.
pub(super) const PREVIOUS: &[u8] = b"previous";
/// Messages in one answer, at most.
const MAX_MESSAGES: usize = 1_000;

/// One line of the timeline.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct StoredItem {
    pub(super) object: ObjectId,
    pub(super) account: AccountUri,
    pub(super) time: Timestamp,
}

/// What a note said.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct StoredNote {
    number: u64,
    time: Timestamp,
    content: StoredContent,
    in_reply_to: Option<ObjectId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment>,
}

#[derive(Clone, Serialize, Deserialize)]
enum StoredContent {
    Html(String),
    Unsupported(String),
    Unreadable(String),
    Changes(Vec<StoredChange>),
}

impl StoredNote {
    pub(super) fn of(number: u64, time: Timestamp, note: &Note) -> Self {
        let content = StoredContent::Html(note.html.clone());
        let (in_reply_to, attachments) = (note.in_reply_to.clone(), note.attachments.clone());
        Self { number, time, content, in_reply_to, attachments }
    }

    pub(super) fn unsupported(number: u64, time: Timestamp, name: String) -> Self {
        Self::other(number, time, StoredContent::Unsupported(name))
    }

    pub(super) fn unreadable(number: u64, time: Timestamp, why: String) -> Self {
        Self::other(number, time, StoredContent::Unreadable(why))
    }

    fn other(number: u64, time: Timestamp, content: StoredContent) -> Self {
        Self { number, time, content, in_reply_to: None, attachments: Vec::new() }
    }

    pub(super) fn changes(number: u64, time: Timestamp, changes: Vec<StoredChange>) -> Self {
        Self {
            number,
            time,
            content: StoredContent::Changes(changes),
            in_reply_to: None,
            attachments: Vec::new(),
        }
    }

    pub(super) fn record_name(account: &AccountUri) -> String {
        format!("note/{account}")
    }
}

/// Something done to a note.
#[derive(Clone, Serialize, Deserialize)]
pub(super) enum StoredAct {
    Edit { number: u64, html: String },
    Gone { number: u64 },
    Reaction { number: u64, emoji: Option<String> },
}

impl StoredAct {
    /// What is stored for an act, and to which note it was done.
    pub(super) fn of(act: &Act, number: u64) -> Option<(&ObjectId, Self)> {
        match act {
            Act::Update { object, html } => Some((object, Self::Edit { number, html: html.clone() })),
            Act::Delete { object } => Some((object, Self::Gone { number })),
            Act::React { object, emoji } => Some((object, Self::Reaction { number, emoji: emoji.clone() })),
            _ => None,
        }
    }

    /// Stores it. A deletion takes what the same account wrote away with it.
    pub(super) fn write(
        &self,
        conversation: &ConversationId,
        object: &ObjectId,
        account: &AccountUri,
        step: &mut Step,
    ) {
        let place = Client::place_of(conversation, object);
        let name = match self {
            Self::Edit { .. } => format!("edit/{account}"),
            Self::Gone { .. } => {
                step.writes.delete(place.clone(), StoredNote::record_name(account));
                step.writes.delete(place.clone(), format!("edit/{account}"));
                format!("gone/{account}")
            }
            Self::Reaction { emoji, .. } => reaction_record(emoji.as_deref(), account),
        };
        step.writes.put(place, name, stored::encode(self));
    }
}

/// Where an account's reaction to a note stands: it has one of each emoji.
pub(super) fn reaction_record(emoji: Option<&str>, account: &AccountUri) -> String {
    format!("react/{}/{account}", emoji.unwrap_or(""))
}

/// Where an entry stands in the timeline.
pub(super) fn timeline_record(conversation: &ConversationId, number: u64) -> (Place, Vec<u8>) {
    (Place::Timeline(*conversation.as_bytes(), number / PAGE), number.to_be_bytes().to_vec())
}

/// A page of the timeline names the page before it: a log may be long and hold few messages.
pub(super) fn link_page(
    conversation: &ConversationId,
    last_page: &mut Option<u64>,
    number: u64,
    step: &mut Step,
) {
    let page = number / PAGE;
    if last_page.is_some_and(|last| last >= page) {
        return;
    }
    if let Some(previous) = last_page.replace(page) {
        step.writes.put(Place::Timeline(*conversation.as_bytes(), page), PREVIOUS, stored::encode(&previous));
    }
}

/// A wish for messages that is being answered.
pub(super) struct Query {
    wish: WishId,
    conversation: ConversationId,
    before: u64,
    limit: usize,
    newest: bool,
    /// The page to read next; `None` when there are no more, or enough was found.
    next_page: Option<u64>,
    /// The newest page, if it was not read yet: where to begin if the page that was guessed is empty.
    newest_page: Option<u64>,
    items: BTreeMap<u64, StoredItem>,
    /// Items whose notes are still to be read, newest first.
    missing: VecDeque<u64>,
    found: BTreeMap<u64, Message>,
}

impl Query {
    pub(super) fn wish(&self) -> WishId {
        self.wish
    }
}

impl Client {
    pub(super) fn wish_messages(
        &mut self,
        wish: WishId,
        conversation: ConversationId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<(), Failure> {
        let Some(listed) = self.summaries.get(&conversation) else {
            return Err(Failure::new(FailureCode::NotFound, "there is no such conversation on this device"));
        };
        // A device that has just come in reads the log from before what it was handed over.
        let end = listed.stored.position.max(listed.stored.last_message).saturating_add(1);
        let first = before.unwrap_or(end).min(end);
        let last_page = listed.stored.last_page;
        // The page just before is the likely one: its messages were shown before.
        let guess = last_page.map(|last| last.min(first.saturating_sub(1) / PAGE));
        self.queries.push(Query {
            wish,
            conversation,
            before: first,
            limit: limit.min(MAX_MESSAGES),
            newest: before.is_none(),
            next_page: guess,
            newest_page: last_page.filter(|last| guess != Some(*last)),
            items: BTreeMap::new(),
            missing: VecDeque::new(),
            found: BTreeMap::new(),
        });
        Ok(())
    }

    /// Asks for the next records that the oldest query needs, or answers it.
    pub(super) fn pump_queries(&mut self, step: &mut Step) {
        while let Some(query) = self.queries.first() {
            let id = *query.conversation.as_bytes();
            if !self.conversations.contains_key(&query.conversation) {
                return self.load(Place::Conversation(id), step);
            }
            if let Some(page) = query.next_page {
                return self.load(Place::Timeline(id, page), step);
            }
            if !query.missing.is_empty() {
                let places: Vec<Place> = query
                    .missing
                    .iter()
                    .filter_map(|number| query.items.get(number))
                    .map(|item| Self::place_of(&query.conversation, &item.object))
                    .collect();
                return places.into_iter().for_each(|place| self.load(place, step));
            }
            let query = self.queries.remove(0);
            let messages = self.answer_of(query);
            step.event(messages);
        }
    }

    fn answer_of(&self, query: Query) -> Event {
        let mut messages: Vec<Message> = query.found.into_values().collect();
        let surplus = messages.len().saturating_sub(query.limit);
        messages.drain(..surplus);
        // What is in no log comes beside what was asked for: it must not take its place.
        if query.newest {
            messages.extend(self.failed_in(query.conversation));
            messages.extend(self.on_their_way(query.conversation));
        }
        Event::WishDone(query.wish, Answer::Messages(messages))
    }

    pub(super) fn timeline_loaded(
        &mut self,
        conversation: ConversationId,
        page: u64,
        records: &[OpenedRecord],
    ) {
        let Some(query) = self.queries.first_mut() else { return };
        if query.conversation != conversation || query.next_page != Some(page) {
            return;
        }
        let mut previous = None;
        for (name, value) in records {
            if name == PREVIOUS {
                previous = stored::decode(value).ok();
            }
            let Some(number) = name.as_slice().try_into().ok().map(u64::from_be_bytes) else { continue };
            if number < query.before
                && let Ok(item) = stored::decode::<StoredItem>(value)
            {
                query.items.insert(number, item);
            }
        }
        let enough = query.items.len() >= query.limit;
        // An empty page was a wrong guess: then the pages are followed from the newest.
        let next = if records.is_empty() { query.newest_page.take() } else { previous };
        query.next_page = if enough { None } else { next.filter(|next| *next < page || records.is_empty()) };
        if query.next_page.is_none() {
            while query.items.len() > query.limit {
                query.items.pop_first();
            }
            query.missing = query.items.keys().rev().copied().collect();
        }
    }

    pub(super) fn note_loaded(&mut self, conversation: ConversationId, note: &str, records: &[OpenedRecord]) {
        let Some(query) = self.queries.first() else { return };
        if query.conversation != conversation {
            return;
        }
        let items: Vec<(u64, StoredItem)> = query
            .missing
            .iter()
            .filter_map(|number| Some((*number, query.items.get(number)?.clone())))
            .filter(|(_, item)| item.object.as_str() == note)
            .collect();
        let folded: Vec<(u64, Option<Message>)> = items
            .into_iter()
            .map(|(number, item)| (number, self.fold(conversation, number, &item, records)))
            .collect();
        let Some(query) = self.queries.first_mut() else { return };
        for (number, message) in folded {
            query.missing.retain(|missing| *missing != number);
            if let Some(message) = message {
                query.found.insert(number, message);
            }
        }
    }

    /// A note with everything that was done to it.
    fn fold(
        &self,
        conversation: ConversationId,
        number: u64,
        item: &StoredItem,
        records: &[OpenedRecord],
    ) -> Option<Message> {
        let record = |name: String| {
            records.iter().find(|(stored, _)| *stored == name.as_bytes()).map(|(_, value)| value)
        };
        let account = &item.account;
        let note = record(StoredNote::record_name(account))
            .and_then(|value| stored::decode::<StoredNote>(value).ok());
        let gone = record(format!("gone/{account}")).is_some();
        let edit =
            record(format!("edit/{account}")).and_then(|value| stored::decode::<StoredAct>(value).ok());
        // Another entry under the same id: the one that counts is shown at its own number.
        if note.as_ref().is_some_and(|note| note.number != number) {
            return None;
        }
        let (body, edited) = match (gone, edit, note.as_ref().map(|note| &note.content)) {
            (true, _, _) => (Body::Deleted, false),
            (_, Some(StoredAct::Edit { html, .. }), Some(StoredContent::Html(_))) => (Body::Html(html), true),
            (_, _, Some(StoredContent::Html(html))) => (Body::Html(html.clone()), false),
            (_, _, Some(StoredContent::Unsupported(name))) => (Body::Unsupported(name.clone()), false),
            (_, _, Some(StoredContent::Unreadable(why))) => (Body::Unreadable(why.clone()), false),
            (_, _, Some(StoredContent::Changes(changes))) => {
                (Body::Changes(changes.iter().map(|change| self.change_of(change)).collect()), false)
            }
            (_, _, None) => return None,
        };
        let own = *account == self.device.account;
        Some(Message {
            id: item.object.clone(),
            conversation: Some(conversation),
            number: Some(number),
            sender: self.handle_of(account),
            own,
            time: item.time,
            body,
            in_reply_to: note.as_ref().and_then(|note| note.in_reply_to.clone()),
            attachments: note.map(|note| note.attachments).unwrap_or_default(),
            edited,
            reactions: self.reactions(records),
            state: self.state_of(conversation, number, own),
        })
    }

    fn reactions(&self, records: &[OpenedRecord]) -> Vec<Reaction> {
        let mut reactions: Vec<(u64, Reaction)> = records
            .iter()
            .filter_map(|(name, value)| {
                let name = std::str::from_utf8(name).ok()?.strip_prefix("react/")?;
                let StoredAct::Reaction { number, emoji } = stored::decode(value).ok()? else { return None };
                let account = name.strip_prefix(emoji.as_deref().unwrap_or(""))?.strip_prefix('/')?;
                let sender = self.handle_of(&account.parse().ok()?);
                Some((number, Reaction { sender, emoji }))
            })
            .collect();
        reactions.sort_by_key(|(number, _)| *number);
        reactions.into_iter().map(|(_, reaction)| reaction).collect()
    }

    fn state_of(&self, conversation: ConversationId, number: u64, own: bool) -> MessageState {
        let Some(state) = self.conversations.get(&conversation).map(|conversation| &conversation.state)
        else {
            return MessageState::Sent;
        };
        match own {
            false => MessageState::Received,
            true if number <= state.other_read => MessageState::Read,
            true if number <= state.other_delivered => MessageState::Delivered,
            true => MessageState::Sent,
        }
    }

    /// A message of one's own that is in no log.
    pub(super) fn unsent(&self, intent: &Intent, state: MessageState) -> Option<Message> {
        let Work::Activity { json, note: Some(_), .. } = &intent.work else { return None };
        let Act::Create(note) = Activity::decode(json).ok()?.act else { return None };
        Some(Message {
            id: note.id,
            conversation: intent.conversation(),
            number: None,
            sender: self.device.handle.clone(),
            own: true,
            time: intent.created,
            body: Body::Html(note.html),
            in_reply_to: note.in_reply_to,
            attachments: note.attachments,
            edited: false,
            reactions: Vec::new(),
            state,
        })
    }

    /// One's own messages that are not in the log yet, in the order in which they go.
    fn on_their_way(&self, conversation: ConversationId) -> Vec<Message> {
        let waiting = self.summaries.get(&conversation).and_then(|listed| listed.waiting.clone());
        self.intents
            .values()
            .filter(|intent| intent.conversation() == Some(conversation))
            .filter(|intent| !matches!(intent.stage, Stage::Held { .. }))
            .filter_map(|intent| self.unsent(intent, MessageState::Pending(waiting.clone())))
            .collect()
    }
}
