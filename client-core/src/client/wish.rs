//! A person's wishes: checked, stored as intents where they may have to wait, and answered.

use infrasound_spec::{
    account::{AccountUri, Handle},
    api::{paths, push::PushSubscription},
    blob::BlobId,
    consent::{ContactState, RequestPolicy},
    content::{Act, Activity, Attachment, Note, ObjectId, html_from_text},
    conversation::{Conversation as Direct, ConversationId},
    limits::{self, MAX_ATTACHMENTS},
};

use std::collections::btree_map::Entry;

use super::{
    Client, Listed,
    requests::{Purpose, Reply, failure},
    step::Step,
    uploading::uploads,
};
use crate::{
    conversation::summary::StoredSummary,
    event::{Answer, Event, Failure, FailureCode},
    input::{Wish, WishId},
    intent::{Change, Intent, Stage, Target, Upload, Work},
    journal::Place,
    message::{Body, Message, MessageState},
    output::Method,
    stored,
};

impl Client {
    pub(super) fn wish(&mut self, id: WishId, wish: Wish, step: &mut Step) {
        if self.online.signed_out && !matches!(wish, Wish::Messages { .. }) {
            let failure = Failure::new(FailureCode::SignedOut, "this device is signed out: sign in again");
            return step.event(Event::WishFailed(id, failure));
        }
        let outcome = match wish {
            Wish::Send { to, text, in_reply_to, attachments } => {
                self.wish_send(&to, &text, in_reply_to, attachments, step).map(Some)
            }
            Wish::React { conversation, object, emoji } => {
                self.wish_act(conversation, Act::React { object, emoji }, step).map(Some)
            }
            Wish::Unreact { conversation, object, emoji } => {
                self.wish_act(conversation, Act::Unreact { object, emoji }, step).map(Some)
            }
            Wish::Edit { conversation, object, text } => {
                let html = html_from_text(&text);
                self.wish_act(conversation, Act::Update { object, html }, step).map(Some)
            }
            Wish::SendAgain { object } => self.wish_send_again(&object, step).map(Some),
            Wish::Discard { object } => self.wish_discard(&object, step).map(Some),
            Wish::Delete { conversation, object, blobs } => {
                self.wish_delete(conversation, object, blobs, step).map(Some)
            }
            Wish::MarkRead { conversation, up_to } => self.wish_read(conversation, up_to, step).map(Some),
            Wish::SetContact { who, state } => self.wish_contact(id, &who, state, step),
            Wish::Messages { conversation, before, limit } => {
                self.wish_messages(id, conversation, before, limit).map(|()| None)
            }
            Wish::RenewLeaf { conversation } => self.wish_renew(conversation, step).map(Some),
            Wish::SafetyNumber { who } if self.pinned_number(&who).is_some() => {
                Ok(self.show_number(&who, step).map(Answer::SafetyNumber))
            }
            Wish::Group(wish) => self.group_wish(id, wish, step),
            Wish::Typing { conversation } => self.wish_typing(conversation, step).map(Some),
            Wish::Mute { conversation, muted } => {
                self.wish_listed(conversation, |stored| stored.muted = muted, step).map(Some)
            }
            Wish::Archive { conversation, archived } => {
                self.wish_listed(conversation, |stored| stored.archived = archived, step).map(Some)
            }
            Wish::ConfirmLink => self.wish_confirm_link().map(Some),
            Wish::CancelLink => Ok(Some(self.wish_cancel_link(step))),
            wish @ (Wish::RenameDevice { .. }
            | Wish::RevokeDevice { .. }
            | Wish::JoinLink(_)
            | Wish::SetPolicy(_)
            | Wish::SetPush(_)
            | Wish::SafetyNumber { .. }
            | Wish::Devices
            | Wish::FetchBlob { .. }) => {
                self.online.deferred.push((id, wish));
                self.fail_deferred_if_offline(step);
                Ok(None)
            }
        };
        match outcome {
            Ok(Some(answer)) => step.event(Event::WishDone(id, answer)),
            Ok(None) => {}
            Err(failure) => step.event(Event::WishFailed(id, failure)),
        }
    }

    /// Wishes that need the relay at once, now that there is a session.
    pub(super) fn pump_deferred(&mut self, step: &mut Step) {
        for (id, wish) in std::mem::take(&mut self.online.deferred) {
            match wish {
                Wish::SetPolicy(policy) => {
                    let path = paths::ACCOUNT_POLICY.to_owned();
                    self.request(Purpose::SetPolicy(id, policy), Method::Put, path, Some(&policy), step);
                }
                Wish::SetPush(subscription) => self.set_push(id, subscription.as_deref(), step),
                Wish::SafetyNumber { who } => self.look_up_handle(Purpose::LookUpForNumber(id), &who, step),
                Wish::SetContact { who, state } => {
                    self.look_up_handle(Purpose::LookUpForContact(id, state), &who, step);
                }
                Wish::Group(wish) => self.pump_group_wish(id, wish, step),
                Wish::FetchBlob { blob, offset, length } => self.fetch_blob(id, &blob, offset, length, step),
                Wish::RenameDevice { device, name } => self.rename_device(id, device, name, step),
                Wish::RevokeDevice { device } => self.revoke_device(id, device, step),
                Wish::JoinLink(by) => self.wish_join_link(id, by, step),
                Wish::Devices => self.ask(Purpose::Devices(id), Method::Get, paths::DEVICES.to_owned(), step),
                _ => {}
            }
        }
    }

    fn set_push(&mut self, id: WishId, subscription: Option<&PushSubscription>, step: &mut Step) {
        let method = if subscription.is_some() { Method::Put } else { Method::Delete };
        self.request(Purpose::SetPush(id), method, paths::PUSH.to_owned(), subscription, step);
    }

    /// Wishes that need the relay at once fail at once while it can't be reached.
    pub(super) fn fail_deferred_if_offline(&mut self, step: &mut Step) {
        if self.online.wait_until.is_some_and(|until| step.now < until) {
            for (id, _) in std::mem::take(&mut self.online.deferred) {
                let failure = Failure::new(FailureCode::Unreachable, "the relay cannot be reached just now");
                step.event(Event::WishFailed(id, failure));
            }
        }
    }

    fn wish_send(
        &mut self,
        to: &Handle,
        text: &str,
        in_reply_to: Option<ObjectId>,
        attachments: Vec<Attachment>,
        step: &mut Step,
    ) -> Result<Answer, Failure> {
        if *to == self.device.handle {
            return Err(Failure::new(FailureCode::Refused, "you cannot write to yourself"));
        }
        let Written { note, json, uploads } = write_note(text, in_reply_to, attachments, step)?;
        let conversation =
            match self.contact_by_handle(to).map(|contact| (contact.account.clone(), contact.state)) {
                Some((account, state)) => {
                    self.write_to(&account, to, state, step)?;
                    Some(self.list_direct(&account, true, step))
                }
                None => None,
            };
        let target = conversation.map_or_else(|| Target::Handle(to.clone()), Target::Conversation);
        let work = Work::Activity { json, note: Some(note.id.clone()), receipt: false };
        let intent = self.add_intent(target, work, step);
        self.set_uploads(intent, uploads, step);
        step.event(Event::Message(self.pending_message(&note, conversation, step)));
        Ok(Answer::Queued { message: note.id, conversation })
    }

    /// To write to somebody is to accept them; whom one has blocked one does not write to.
    fn write_to(
        &mut self,
        account: &AccountUri,
        who: &Handle,
        state: ContactState,
        step: &mut Step,
    ) -> Result<(), Failure> {
        match state {
            ContactState::Accepted => {}
            ContactState::Blocked => {
                let text = format!("you have blocked {who}; unblock them first");
                return Err(Failure::new(FailureCode::NoConsent, text));
            }
            _ => self.set_contact_state(account, ContactState::Accepted, step),
        }
        Ok(())
    }

    /// Whether the person may write into a conversation that there is, as when they write a new message.
    pub(super) fn may_write(&mut self, id: ConversationId, step: &mut Step) -> Result<(), Failure> {
        let Some(other) = self.summaries.get(&id).and_then(|listed| listed.other.clone()) else {
            return self.open_group(id);
        };
        let Some(contact) = self.contacts.get(&other) else { return Ok(()) };
        let (who, state) = (contact.handle.clone(), contact.state);
        self.write_to(&other, &who, state, step)
    }

    pub(super) fn pending_message(
        &self,
        note: &Note,
        conversation: Option<ConversationId>,
        step: &Step,
    ) -> Message {
        Message {
            id: note.id.clone(),
            conversation,
            number: None,
            sender: self.device.handle.clone(),
            own: true,
            time: step.now,
            body: Body::Html(note.html.clone()),
            in_reply_to: note.in_reply_to.clone(),
            attachments: note.attachments.clone(),
            edited: false,
            reactions: Vec::new(),
            state: MessageState::Pending(None),
        }
    }

    /// A reaction, edit or deletion. Whether the note is one's own to edit shows in the history of everybody.
    fn wish_act(
        &mut self,
        conversation: ConversationId,
        act: Act,
        step: &mut Step,
    ) -> Result<Answer, Failure> {
        self.queue_act(conversation, act, step).map(|(_, answer)| answer)
    }

    /// The intent, and what the app is told.
    fn queue_act(
        &mut self,
        conversation: ConversationId,
        act: Act,
        step: &mut Step,
    ) -> Result<(u64, Answer), Failure> {
        self.known(conversation)?;
        if !self.may_speak(conversation) {
            let text = "this is a request: accept it first";
            return Err(Failure::new(FailureCode::Refused, text));
        }
        let activity = Activity { id: ObjectId::from_random(step.random()), act };
        let json = encode_activity(&activity)?;
        let work = Work::Activity { json, note: None, receipt: false };
        let intent = self.add_intent(Target::Conversation(conversation), work, step);
        Ok((intent, Answer::Queued { message: activity.id, conversation: Some(conversation) }))
    }

    fn wish_delete(
        &mut self,
        conversation: ConversationId,
        object: ObjectId,
        blobs: Vec<BlobId>,
        step: &mut Step,
    ) -> Result<Answer, Failure> {
        if blobs.len() > MAX_ATTACHMENTS {
            let text = format!("a message has at most {MAX_ATTACHMENTS} files");
            return Err(Failure::new(FailureCode::Refused, text));
        }
        let (intent, answer) = self.queue_act(conversation, Act::Delete { object }, step)?;
        if let Some(intent) = self.intents.get(&intent).filter(|_| !blobs.is_empty()) {
            self.save_intent(Intent { detaches: blobs, ..intent.clone() }, step);
        }
        Ok(answer)
    }

    /// Something that only this device keeps of a conversation.
    fn wish_listed(
        &mut self,
        id: ConversationId,
        change: impl FnOnce(&mut StoredSummary),
        step: &mut Step,
    ) -> Result<Answer, Failure> {
        self.known(id)?;
        if let Some(listed) = self.summaries.get_mut(&id) {
            change(&mut listed.stored);
        }
        self.summary_changed(id, step);
        Ok(Answer::Done)
    }

    fn wish_renew(&mut self, conversation: ConversationId, step: &mut Step) -> Result<Answer, Failure> {
        self.known(conversation)?;
        if !self.may_speak(conversation) {
            let text = "this is a request: accept it first, or the other would see that it was opened";
            return Err(Failure::new(FailureCode::Refused, text));
        }
        let wish = ObjectId::from_random(step.random());
        self.add_intent(
            Target::Conversation(conversation),
            Work::RenewLeaf { wish: Some(wish.clone()) },
            step,
        );
        Ok(Answer::Queued { message: wish, conversation: Some(conversation) })
    }

    fn wish_read(&mut self, id: ConversationId, up_to: u64, step: &mut Step) -> Result<Answer, Failure> {
        self.known(id)?;
        if let Some(listed) = self.summaries.get_mut(&id) {
            let up_to = up_to.min(listed.stored.last_message);
            if up_to <= listed.stored.seen {
                return Ok(Answer::Done);
            }
            listed.stored.seen = up_to;
            if listed.stored.seen >= listed.stored.last_message && listed.stored.unread > 0 {
                listed.stored.unread = 0;
            }
        }
        self.summary_changed(id, step);
        self.receipts_due.insert(id, step.now);
        Ok(Answer::Done)
    }

    pub(super) fn known(&self, id: ConversationId) -> Result<(), Failure> {
        if self.summaries.contains_key(&id) {
            return Ok(());
        }
        Err(Failure::new(FailureCode::NotFound, "there is no such conversation on this device"))
    }

    pub(super) fn policy_set(&mut self, wish: WishId, policy: RequestPolicy, reply: Reply, step: &mut Step) {
        match reply {
            Reply::Ok(_) => {
                self.policy = policy;
                step.writes.put(Place::Root, "policy", stored::encode(&policy));
                step.event(Event::WishDone(wish, Answer::Done));
            }
            Reply::Problem(problem) => step.event(Event::WishFailed(wish, failure(&problem))),
        }
    }

    /// Stores what a person wants, so that it survives.
    pub(super) fn add_intent(&mut self, target: Target, work: Work, step: &mut Step) -> u64 {
        let id = self.next_intent;
        self.next_intent += 1;
        let intent = Intent {
            id,
            target,
            work,
            stage: Stage::Queued,
            created: step.now,
            uploads: Vec::new(),
            detaches: Vec::new(),
        };
        if let Some(conversation) = intent.conversation() {
            self.active.insert(conversation);
            if let Some(conversation) = self.conversations.get_mut(&conversation) {
                conversation.barred = false;
            }
        }
        self.save_intent(intent, step);
        id
    }

    pub(super) fn save_intent(&mut self, intent: Intent, step: &mut Step) {
        step.writes.put(Place::Root, Intent::record_name(intent.id), stored::encode(&intent));
        self.intents.insert(intent.id, intent);
    }

    pub(super) fn remove_intent(&mut self, id: u64, step: &mut Step) -> Option<Intent> {
        let intent = self.end_intent(id, step)?;
        self.drop_uploads(&intent, step);
        Some(intent)
    }

    fn end_intent(&mut self, id: u64, step: &mut Step) -> Option<Intent> {
        step.writes.delete(Place::Root, Intent::record_name(id));
        self.intents.remove(&id)
    }

    /// A wish that was stored can't be done: it ends, and the app is told why.
    pub(super) fn fail_intent(&mut self, id: u64, failure: &Failure, step: &mut Step) {
        let Some(intent) = self.end_intent(id, step) else { return };
        if !self.keep_failed(&intent, failure, step) {
            self.drop_uploads(&intent, step);
        }
        let object = match &intent.work {
            Work::Activity { receipt: true, .. } => None,
            Work::Activity { json, note, .. } => {
                note.clone().or_else(|| Activity::decode(json).ok().map(|activity| activity.id))
            }
            _ => intent.wish().cloned(),
        };
        self.lost_races.remove(&id);
        self.forget_unfounded(&intent, step);
        if let Some(object) = object {
            let conversation = intent.conversation();
            step.event(Event::IntentFailed { conversation, object, failure: failure.clone() });
        }
    }

    /// A group that could not be made is no conversation.
    fn forget_unfounded(&mut self, intent: &Intent, step: &mut Step) {
        let founds = matches!(&intent.work, Work::Change { change: Change::Found { .. }, .. });
        let Some(id) = intent.conversation().filter(|_| founds) else { return };
        let stood = self.conversations.get(&id).is_some_and(|conversation| conversation.state.joined_at > 0);
        if !stood && self.summaries.remove(&id).is_some() {
            step.writes.delete(Place::Root, [b"summary/".as_slice(), id.as_bytes()].concat());
            self.active.remove(&id);
            self.let_go_of_all(id, step);
        }
    }

    /// The conversation with an account, put into the list if it is new.
    pub(super) fn list_direct(&mut self, other: &AccountUri, began: bool, step: &mut Step) -> ConversationId {
        // Handles and accounts of one's own were refused before.
        let id = Direct::direct(&self.device.account, other, 0)
            .map_or_else(|| ConversationId::from_bytes([0; 32]), |direct| direct.id);
        if let Entry::Vacant(vacant) = self.summaries.entry(id) {
            vacant.insert(Listed::new(Some(other.clone()), None, began));
            self.summary_changed(id, step);
        }
        id
    }
}

/// A note as it was written, and what has to be uploaded before it goes.
pub(super) struct Written {
    pub(super) note: Note,
    pub(super) json: Vec<u8>,
    pub(super) uploads: Vec<Upload>,
}

/// Makes a note of what a person wrote and attached.
pub(super) fn write_note(
    text: &str,
    in_reply_to: Option<ObjectId>,
    attachments: Vec<Attachment>,
    step: &mut Step,
) -> Result<Written, Failure> {
    let uploads = uploads(&attachments)?;
    // A file needs no words.
    let html = if text.is_empty() && !attachments.is_empty() { String::new() } else { html_from_text(text) };
    let mut note = Note { id: ObjectId::from_random(step.random()), html, in_reply_to, attachments };
    let id = ObjectId::from_random(step.random());
    let encode = |note: &Note| encode_activity(&Activity { id: id.clone(), act: Act::Create(note.clone()) });
    let json = encode(&note).or_else(|_| {
        // A long text is worth more than what is seen of the pictures before they are fetched.
        for attachment in &mut note.attachments {
            attachment.thumbnail = None;
        }
        encode(&note)
    })?;
    Ok(Written { note, json, uploads })
}

pub(super) fn encode_activity(activity: &Activity) -> Result<Vec<u8>, Failure> {
    let json = activity.encode();
    if json.len() > limits::MAX_CONTENT {
        let text = format!("this message is too long: at most {} bytes", limits::MAX_CONTENT);
        return Err(Failure::new(FailureCode::TooLong, text));
    }
    Ok(json)
}
