//! A message is decrypted, its sender taken from the MLS leaf, its history compared, its content recorded.
//!
//! Spec: `conversations.md` 9 and 13; `content.md`.

use infrasound_spec::{
    account::AccountUri,
    content::{Act, Activity, Note, ObjectId, html_from_text},
    conversation::ConversationId,
    endorsement::EndorsedDevice,
    limits::MAX_RECEIPTS,
    log::LogEntry,
    message::{MessageAad, MessageFrame},
    mutant::{self, Mutant},
    time::{SECOND, Timestamp},
};
use openmls::{
    framing::errors::MessageDecryptionError,
    group::{ProcessMessageError, ValidationError},
    prelude::{
        DeserializeBytes as _, MlsMessageBodyIn, MlsMessageIn, ProcessedMessageContent, ProtocolMessage,
        Sender,
    },
};

use super::{
    Client,
    history::{self, StoredAct, StoredItem, StoredNote, timeline_record},
    step::Step,
};
use crate::{
    conversation::Conversation,
    event::Event,
    intent::{Intent, Target, Work},
    message::{Body, Message, MessageState},
    stored,
    warning::Warning,
};

/// Receipts wait this long, in milliseconds, so that one stands for several messages.
const RECEIPT_DELAY: u64 = SECOND;
/// How much of a message the list shows, in characters.
const PREVIEW: usize = 200;

/// Why a message can't be read.
enum Unread {
    /// Another message of this device, whose intent is gone: nothing to do.
    Own,
    Replayed,
    Unreadable,
}

/// A message that was decrypted: who it is from by its leaf, and what was inside.
struct Decrypted {
    sender: EndorsedDevice,
    frame: Option<MessageFrame>,
}

/// Who did something, where in the log.
pub(super) struct Origin {
    pub(super) account: AccountUri,
    pub(super) own: bool,
    pub(super) number: u64,
    pub(super) time: Timestamp,
}

impl Client {
    pub(super) fn receive(
        &mut self,
        conversation: &mut Conversation,
        entry: &LogEntry,
        bytes: &[u8],
        step: &mut Step,
    ) {
        if conversation.state.refused.is_some() {
            // Of an epoch that this device is not in. It is voided, or this device comes back without it.
            conversation.state.missed = true;
            return;
        }
        let number = entry.number;
        let id = conversation.id;
        let Decrypted { sender, frame } = match decrypt(&self.crypto, conversation, bytes) {
            Ok(decrypted) => decrypted,
            Err(Unread::Own) => return,
            Err(Unread::Replayed) => {
                return step.event(Event::Warning(Some(conversation.id), Warning::EntryReplayed { number }));
            }
            Err(Unread::Unreadable) => {
                step.event(Event::Warning(Some(conversation.id), Warning::EntryUnreadable { number }));
                return self.record_unreadable(conversation, entry, "altered, or not from a member", step);
            }
        };
        let named = entry.submitter.filter(|_| mutant::is(Mutant::TrustsSubmitter));
        let named = named.and_then(|named| conversation.members.everybody().leaf_of(&named));
        let sender = named.and_then(|leaf| conversation.members.at(leaf)).cloned().unwrap_or(sender);
        let handle = self.handle_of(&sender.account);
        if entry.submitter.is_some_and(|submitter| submitter != sender.device) {
            let warning = Warning::SenderRewritten { number, sender: handle.clone() };
            step.event(Event::Warning(Some(id), warning));
        }
        let activity = match frame {
            Some(frame) => {
                Self::compare_histories(conversation, entry, &handle, &frame, step);
                Activity::decode(&frame.content).ok()
            }
            None => None,
        };
        let origin = Origin {
            own: sender.account == self.device.account,
            account: sender.account,
            number,
            time: entry.time,
        };
        if let Some(activity) = activity {
            self.record(conversation, &origin, activity, step);
        } else {
            step.event(Event::Warning(
                Some(conversation.id),
                Warning::ContentRefused { sender: handle, number },
            ));
            self.record_unreadable(conversation, entry, "not a message of this protocol", step);
        }
    }

    /// The sender says what it had seen. If this device saw something else, the relay showed two histories.
    fn compare_histories(
        conversation: &Conversation,
        entry: &LogEntry,
        sender: &infrasound_spec::account::Handle,
        frame: &MessageFrame,
        step: &mut Step,
    ) {
        let differs = frame.seen.number >= entry.number
            || conversation.chain.at(frame.seen.number).is_some_and(|chain| chain != frame.seen.chain);
        if differs {
            let number = frame.seen.number.min(entry.number);
            let warning = Warning::HistoriesDiffer { sender: sender.clone(), number };
            step.event(Event::Warning(Some(conversation.id), warning));
        }
    }

    /// This device's own message is in the log.
    pub(super) fn own_message_happened(
        &mut self,
        conversation: &mut Conversation,
        intent: Intent,
        entry: &LogEntry,
        step: &mut Step,
    ) {
        if let Work::Activity { json, note, receipt } = &intent.work {
            let origin = Origin {
                account: self.device.account.clone(),
                own: true,
                number: entry.number,
                time: entry.time,
            };
            if let Ok(activity) = Activity::decode(json) {
                if !receipt {
                    let object = note.clone().unwrap_or_else(|| activity.id.clone());
                    step.event(Event::MessageState {
                        conversation: conversation.id,
                        object,
                        number: Some(entry.number),
                        state: MessageState::Sent,
                    });
                }
                self.record(conversation, &origin, activity, step);
            }
        }
        self.hold(conversation, intent, entry.number, step);
    }

    fn record(
        &mut self,
        conversation: &mut Conversation,
        origin: &Origin,
        activity: Activity,
        step: &mut Step,
    ) {
        match activity.act {
            Act::Create(_) if !may_post(conversation, origin) => {
                let warning =
                    Warning::NotAllowed { sender: self.handle_of(&origin.account), number: origin.number };
                step.event(Event::Warning(Some(conversation.id), warning));
            }
            Act::Create(note) => self.record_note(conversation, origin, &note, step),
            Act::Group(metadata) => self.record_metadata(conversation, origin, metadata, step),
            Act::Delivered { up_to, .. } => {
                Self::record_receipt(&self.device.account, conversation, origin, (up_to, false), step);
            }
            Act::Read { up_to, .. } => {
                Self::record_receipt(&self.device.account, conversation, origin, (up_to, true), step);
            }
            Act::Unknown { ref name, .. } => {
                let stored = StoredNote::unsupported(origin.number, origin.time, name.clone());
                self.put_item(conversation.id, origin, &activity.id, &stored, step);
                self.tell_activity(conversation.id, origin, activity.act, step);
            }
            act => {
                if let Some((object, kind)) = StoredAct::of(&act, origin.number) {
                    kind.write(&conversation.id, object, &origin.account, step);
                } else if let Act::Unreact { object, emoji } = &act {
                    let name = history::reaction_record(emoji.as_deref(), &origin.account);
                    step.writes.delete(Self::place_of(&conversation.id, object), name);
                }
                self.follow_preview(conversation.id, origin, &act, step);
                self.tell_activity(conversation.id, origin, act, step);
            }
        }
    }

    /// The list shows the last message as it is now.
    fn follow_preview(&mut self, id: ConversationId, origin: &Origin, act: &Act, step: &mut Step) {
        let (object, html) = match act {
            Act::Update { object, html } => (object, html.as_str()),
            Act::Delete { object } => (object, ""),
            _ => return,
        };
        let Some(listed) = self.summaries.get_mut(&id) else { return };
        let is_of = |(note, account): &(ObjectId, AccountUri)| note == object && *account == origin.account;
        if listed.stored.previewed.as_ref().is_some_and(is_of) {
            listed.stored.preview = start_of(html);
            if matches!(act, Act::Delete { .. }) {
                // What is deleted stays so, whatever is still said of it.
                listed.stored.previewed = None;
            }
            self.summary_changed(id, step);
        }
    }

    fn tell_activity(&self, conversation: ConversationId, origin: &Origin, act: Act, step: &mut Step) {
        step.event(Event::Activity {
            conversation,
            number: origin.number,
            sender: self.handle_of(&origin.account),
            own: origin.own,
            time: origin.time,
            act,
        });
    }

    fn record_note(
        &mut self,
        conversation: &mut Conversation,
        origin: &Origin,
        note: &Note,
        step: &mut Step,
    ) {
        let id = conversation.id;
        let stored = StoredNote::of(origin.number, origin.time, note);
        self.put_item(id, origin, &note.id, &stored, step);
        if let Some(listed) = self.summaries.get_mut(&id) {
            listed.stored.last_message = origin.number;
            listed.stored.last_time = origin.time;
            listed.stored.preview = preview(note);
            listed.stored.previewed = Some((note.id.clone(), origin.account.clone()));
            if !origin.own {
                listed.stored.unread += 1;
            }
        }
        if !origin.own {
            conversation.state.received = Some((origin.number, note.id.clone()));
        }
        let state = if origin.own { MessageState::Sent } else { MessageState::Received };
        step.event(Event::Message(Message {
            id: note.id.clone(),
            conversation: Some(id),
            number: Some(origin.number),
            sender: self.handle_of(&origin.account),
            own: origin.own,
            time: origin.time,
            body: Body::Html(note.html.clone()),
            in_reply_to: note.in_reply_to.clone(),
            attachments: note.attachments.clone(),
            edited: false,
            reactions: Vec::new(),
            state,
        }));
    }

    /// An entry that nobody here can read still has its place in the history.
    pub(super) fn record_unreadable(
        &mut self,
        conversation: &mut Conversation,
        entry: &LogEntry,
        why: &str,
        step: &mut Step,
    ) {
        // Who it is from nobody here can know: in a direct conversation it is the other's, in a group the hub's word.
        let submitter = entry.submitter.and_then(|device| {
            let leaf = conversation.members.everybody().leaf_of(&device)?;
            conversation.members.at(leaf).map(|device| device.account.clone())
        });
        let other = conversation.state.other.clone().or(submitter);
        let origin = Origin {
            account: other.unwrap_or_else(|| self.device.account.clone()),
            own: false,
            number: entry.number,
            time: entry.time,
        };
        let Ok(object) = format!("urn:infrasound:entry:{}", entry.number).parse::<ObjectId>() else { return };
        let stored = StoredNote::unreadable(entry.number, entry.time, why.to_owned());
        self.put_item(conversation.id, &origin, &object, &stored, step);
    }

    pub(super) fn put_item(
        &mut self,
        conversation: ConversationId,
        origin: &Origin,
        object: &ObjectId,
        note: &StoredNote,
        step: &mut Step,
    ) {
        let (place, name) = timeline_record(&conversation, origin.number);
        if let Some(listed) = self.summaries.get_mut(&conversation) {
            history::link_page(&conversation, &mut listed.stored.last_page, origin.number, step);
        }
        let item = StoredItem { object: object.clone(), account: origin.account.clone(), time: origin.time };
        step.writes.put(place, name, stored::encode(&item));
        let name = StoredNote::record_name(&origin.account);
        step.writes.put(Self::place_of(&conversation, object), name, stored::encode(note));
    }

    fn record_receipt(
        own: &AccountUri,
        conversation: &mut Conversation,
        origin: &Origin,
        (up_to, read): (u64, bool),
        step: &mut Step,
    ) {
        // Nobody can have seen what is not yet in the log.
        let up_to = up_to.min(origin.number);
        let state = &mut conversation.state;
        if origin.own {
            let sent = if read { &mut state.read_receipt } else { &mut state.acknowledged };
            *sent = up_to.max(*sent);
            return;
        }
        let up_to = if state.other.is_some() {
            up_to
        } else {
            // Of a group: as far as the receipts of all others go.
            let told = state.receipts.entry(origin.account.clone()).or_default();
            let told = if read { &mut told.1 } else { &mut told.0 };
            *told = up_to.max(*told);
            let accounts = conversation.members.everybody().accounts();
            let others = accounts.into_keys().filter(|account| **account != *own);
            others.map(|account| state.receipt_of(account, read)).min().unwrap_or(0)
        };
        let told = if read { &mut state.other_read } else { &mut state.other_delivered };
        if up_to <= *told {
            return;
        }
        *told = up_to;
        let state = if read { MessageState::Read } else { MessageState::Delivered };
        step.event(Event::Receipt { conversation: conversation.id, up_to, state });
    }

    /// Something may have to be acknowledged; not at once, so that one receipt stands for several messages.
    pub(super) fn receipts_are_due(&mut self, id: ConversationId, now: Timestamp) {
        self.receipts_due.entry(id).or_insert(now.plus_millis(RECEIPT_DELAY));
    }

    /// Receipts whose time has come become intents. Never in a request: the other would see that it was opened.
    pub(super) fn pump_receipts(&mut self, step: &mut Step) {
        for (id, due) in self.receipts_due.clone() {
            if step.now < due {
                step.wake_at(due);
                continue;
            }
            let Some(conversation) = self.conversations.get(&id) else {
                self.load(crate::journal::Place::Conversation(*id.as_bytes()), step);
                continue;
            };
            let may = self.may_speak(id) && conversation.is_joined();
            let act = if may { self.receipt(conversation) } else { None };
            self.receipts_due.remove(&id);
            if let Some(act) = act {
                let activity = Activity { id: ObjectId::from_random(step.random()), act };
                let work = Work::Activity { json: activity.encode(), note: None, receipt: true };
                self.add_intent(Target::Conversation(id), work, step);
            }
        }
    }

    /// The one receipt that says most, if something new is to be said.
    pub(super) fn receipt(&self, conversation: &Conversation) -> Option<Act> {
        let state = &conversation.state;
        let (number, object) = state.received.clone()?;
        let seen = self.summaries.get(&conversation.id)?.stored.seen;
        let said = state.acknowledged.max(state.read_receipt) >= number;
        if said && (seen < number || state.read_receipt >= number) {
            return None;
        }
        // Looked at only if there is something to say: it takes longer in a large group.
        if conversation.policy.is_some() && conversation.members.everybody().accounts().len() > MAX_RECEIPTS {
            return None;
        }
        let queued = self.intents.values().any(|intent| {
            intent.conversation() == Some(conversation.id)
                && matches!(intent.work, Work::Activity { receipt: true, .. })
                && !intent.is_held()
        });
        if queued {
            return None;
        }
        if seen >= number && state.read_receipt < number {
            Some(Act::Read { object, up_to: number })
        } else {
            Some(Act::Delivered { object, up_to: number })
        }
    }
}

/// Whether the group lets somebody write. In a direct conversation both may.
fn may_post(conversation: &Conversation, origin: &Origin) -> bool {
    conversation.policy.as_ref().is_none_or(|policy| policy.may_post(&origin.account))
}

/// What the list shows of a note; of one without words, what its first file is called.
fn preview(note: &Note) -> String {
    let shown = match note.attachments.first() {
        Some(file) if note.html.is_empty() => &html_from_text(&file.name),
        _ => &note.html,
    };
    start_of(shown)
}

fn start_of(html: &str) -> String {
    html.chars().take(PREVIEW).collect()
}

fn decrypt(
    crypto: &crate::mls::crypto::Crypto,
    conversation: &mut Conversation,
    bytes: &[u8],
) -> Result<Decrypted, Unread> {
    let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes).map_err(|_| Unread::Unreadable)?;
    let MlsMessageBodyIn::PrivateMessage(message) = message.extract() else { return Err(Unread::Unreadable) };
    MessageAad::decode(message.aad()).map_err(|_| Unread::Unreadable)?;
    let provider = crate::mls::Provider { crypto, store: &conversation.store };
    let group = conversation.group.as_mut().ok_or(Unread::Unreadable)?;
    let message = ProtocolMessage::from(message);
    // What openmls says of another epoch is what it says of a secret that is gone.
    if message.epoch() != group.epoch() {
        return Err(Unread::Unreadable);
    }
    let process = || group.process_message(&provider, message);
    let processed = conversation.store.while_reading(process).map_err(|error| match error {
        ProcessMessageError::ValidationError(ValidationError::UnableToDecrypt(
            // openmls keeps the inner type to itself: of a ratchet it says so only when a secret is gone already, or
            // out of reach. Both mean that the generation is not one that a member would use now.
            MessageDecryptionError::SecretTreeError(inner),
        )) if inner.to_string().contains("deleted") || inner.to_string().contains("too old") => {
            Unread::Replayed
        }
        _ => Unread::Unreadable,
    })?;
    // The leaf, and nothing inside or around the message, says who it is from.
    let Sender::Member(index) = *processed.sender() else { return Err(Unread::Unreadable) };
    match processed.into_content() {
        ProcessedMessageContent::ApplicationMessage(content) => {
            let sender = conversation.members.at(index.u32()).cloned().ok_or(Unread::Unreadable)?;
            Ok(Decrypted { sender, frame: MessageFrame::decode(&content.into_bytes()).ok() })
        }
        ProcessedMessageContent::OwnPrivateMessage => Err(Unread::Own),
        _ => Err(Unread::Unreadable),
    }
}
