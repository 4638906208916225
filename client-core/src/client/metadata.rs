//! What a group is called: content like any other, told again to who is new.
//!
//! Spec: `groups.md` 8.

use infrasound_spec::{
    api::paths,
    blob::BlobId,
    content::{Act, Activity, GroupMetadata, ObjectId},
    conversation::ConversationId,
    time::{DAY, SECOND, Timestamp},
};
use rand_core::RngCore as _;

use super::{Client, received::Origin, requests::Purpose, step::Step, telling::StoredChange};
use crate::{
    conversation::Conversation,
    event::Event,
    intent::{Target, Work},
    output::Method,
    warning::Warning,
};

/// The relay drops what nobody asked for in 30 days, so it is asked each week, in milliseconds.
const KEEP_AGAIN: u64 = 7 * DAY;
/// Somebody who sees another join by a link waits so long at the most, so that not all tell the name.
const LONGEST_WAIT: u64 = 10 * SECOND;

impl Client {
    /// Tells the group's metadata, if this device knows it and is not about to.
    pub(super) fn tell_metadata(&mut self, id: ConversationId, step: &mut Step) -> Option<u64> {
        self.metadata_due.remove(&id);
        let metadata = self.group(id).and_then(|group| group.metadata.clone())?;
        let activity = Activity { id: ObjectId::from_random(step.random()), act: Act::Group(metadata) };
        let work = Work::Activity { json: activity.encode(), note: None, receipt: true };
        Some(self.add_intent(Target::Conversation(id), work, step))
    }

    /// Somebody is new who does not know what the group is called.
    pub(super) fn metadata_is_due(&mut self, id: ConversationId, at_once: bool, step: &mut Step) {
        let wait = if at_once { 0 } else { u64::from(step.rng.next_u32()) % LONGEST_WAIT };
        if self.may_speak(id) {
            self.metadata_due.insert(id, step.now.plus_millis(wait));
        }
    }

    pub(super) fn pump_metadata(&mut self, step: &mut Step) {
        let due: Vec<(ConversationId, Timestamp)> =
            self.metadata_due.iter().map(|(id, due)| (*id, *due)).collect();
        for (id, due) in due {
            if step.now < due {
                step.wake_at(due);
            } else {
                self.tell_metadata(id, step);
            }
        }
    }

    /// Pictures that this account gave its groups are kept by the relay as long as somebody asks for it.
    pub(super) fn pump_pictures(&mut self, step: &mut Step) {
        let due: Vec<(ConversationId, BlobId)> = self
            .summaries
            .iter()
            .filter_map(|(id, listed)| {
                let group = listed.group.as_ref()?;
                let over = step.now.millis_since(group.picture_kept?) > KEEP_AGAIN;
                let blob = group.metadata.as_ref()?.picture.as_ref()?.blob.as_ref()?.id;
                (over && group.ended.is_none()).then_some((*id, blob))
            })
            .collect();
        for (id, blob) in due {
            if !self.has_request(|purpose| matches!(purpose, Purpose::KeepPicture(other) if *other == id)) {
                let path = paths::with(paths::CONVERSATION_BLOB, "conversation", &id.to_string());
                let path = paths::with(&path, "blob", &blob.to_string());
                self.ask(Purpose::KeepPicture(id), Method::Put, path, step);
            }
        }
    }

    /// The relay keeps it, or does not have it any more; either way it is asked again only in a while.
    pub(super) fn picture_kept(&mut self, id: ConversationId, step: &mut Step) {
        if let Some(group) = self.group_mut(id) {
            group.picture_kept = Some(step.now);
        }
        self.summary_changed(id, step);
    }

    /// A member said what the group is called.
    pub(super) fn record_metadata(
        &mut self,
        conversation: &Conversation,
        origin: &Origin,
        metadata: GroupMetadata,
        step: &mut Step,
    ) {
        let id = conversation.id;
        self.metadata_due.remove(&id);
        let may = conversation.policy.as_ref().is_some_and(|policy| policy.may_rename(&origin.account));
        let sender = self.handle_of(&origin.account);
        let Some(group) = self.group_mut(id) else {
            let warning = Warning::NotAllowed { sender, number: origin.number };
            return step.event(Event::Warning(Some(id), warning));
        };
        let known = group.metadata.as_ref();
        if known == Some(&metadata) {
            return;
        }
        if known.is_some() && !may {
            let warning = Warning::NotAllowed { sender, number: origin.number };
            return step.event(Event::Warning(Some(id), warning));
        }
        group.picture_kept = metadata.picture.as_ref().filter(|_| origin.own).map(|_| step.now);
        let first = group.metadata.replace(metadata.clone()).is_none();
        self.summary_changed(id, step);
        if !first {
            self.tell_lines(id, origin, vec![StoredChange::Described(metadata)], step);
        }
    }
}
