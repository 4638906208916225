//! What the relay says of the conversations of the account: which there are, and how far each has come.
//!
//! Spec: `relay-api.md` 9, `groups.md` 7.

use std::collections::BTreeSet;

use infrasound_spec::{
    account::AccountUri,
    api::{
        conversations::{ConversationHead, ConversationList, Participant},
        problem::Problem,
    },
    conversation::{Conversation as Context, ConversationId, ConversationKind},
};

use super::{Client, Listed, step::Step, sync::Topic};
use crate::{
    conversation::{Conversation, summary::StoredGroup},
    event::Event,
    intent::Change,
    warning::Warning,
};

impl Client {
    pub(super) fn conversations_told(
        &mut self,
        list: Result<ConversationList, Box<Problem>>,
        step: &mut Step,
    ) {
        self.sync.answered(Topic::Conversations);
        let Ok(list) = list else { return };
        let mut told = BTreeSet::new();
        told.extend(list.conversations.iter().map(|head| head.conversation));
        self.unheard.clear();
        for head in list.conversations {
            let joined = self.conversations.get(&head.conversation).is_some_and(Conversation::is_joined);
            if head.member && !joined {
                // Its Welcome is on its way; if not, this device has lost what it had of it.
                self.sync.want(Topic::Welcomes);
            }
            if head.member && !self.summaries.contains_key(&head.conversation) {
                self.unheard.push(head);
                continue;
            }
            self.list_from_head(&head, step);
            self.take_head(&head, step);
        }
        // What the relay does not name any more, and is over, is over for good: its secrets go.
        for (id, listed) in &mut self.summaries {
            let over = listed.group.as_ref().is_some_and(|group| group.ended.is_some());
            if over && !told.contains(id) && !listed.said.forgotten {
                listed.said.forgotten = true;
                self.active.insert(*id);
            }
        }
        // What is not over, and not named: the log says why.
        let unnamed: Vec<ConversationId> = self
            .summaries
            .iter()
            .filter(|(id, listed)| {
                listed.group.as_ref().is_some_and(|group| group.ended.is_none()) && !told.contains(id)
            })
            .map(|(id, _)| *id)
            .collect();
        for id in unnamed {
            let position = self.summaries.get(&id).map_or(0, |listed| listed.stored.position);
            if position > 0 {
                self.log_grew(id, position + 1);
            }
        }
    }

    /// A group that is over for this account keeps its history, and nothing else.
    pub(super) fn forget_ended(&mut self, id: ConversationId, step: &mut Step) {
        let over = self.summaries.get(&id).is_some_and(|listed| {
            listed.said.forgotten && listed.group.as_ref().is_some_and(|group| group.ended.is_some())
        });
        if over
            && let Some(conversation) = self.conversations.get_mut(&id)
            && conversation.group.is_some()
        {
            conversation.drop_group();
            conversation.state.provisional.clear();
            conversation.state.reports.clear();
            conversation.save(&mut step.writes);
            // Whether they stand, nobody here will hear any more.
            self.release_held(id, u64::MAX, step);
        }
    }

    /// A conversation that the account is in, and this device has never heard of.
    pub(super) fn list_from_head(&mut self, head: &ConversationHead, step: &mut Step) {
        if self.summaries.contains_key(&head.conversation) {
            return;
        }
        match head.kind {
            ConversationKind::Direct => {
                let other = head.participants.iter().find(|one| one.account != self.device.account);
                let Some(other) = other else { return };
                let id = Context::direct(&self.device.account, &other.account, 0).map(|direct| direct.id);
                if id == Some(head.conversation) && self.may_be_called(&other.account, &other.handle) {
                    self.contact(&other.account, &other.handle);
                    self.save_contact(&other.account, step);
                    self.list_direct(&other.account, false, step);
                }
            }
            ConversationKind::Group => {
                self.list_group(head.conversation, head.inviter.as_ref(), step);
                if let Some(group) = self.group_mut(head.conversation) {
                    group.consent = head.consent;
                }
                self.summary_changed(head.conversation, step);
            }
        }
    }

    /// A group, put into the list if it is new.
    pub(super) fn list_group(&mut self, id: ConversationId, inviter: Option<&Participant>, step: &mut Step) {
        let inviter = inviter.map(|one| (one.account.clone(), one.handle.clone()));
        if let Some((account, handle)) = &inviter {
            self.names.insert(account.clone(), handle.clone());
        }
        match self.summaries.get_mut(&id).map(|listed| &mut listed.group) {
            None => {
                let group = StoredGroup { inviter, ..StoredGroup::default() };
                self.summaries.insert(id, Listed::new(None, Some(group), false));
            }
            // Invited again after it had ended: a new question.
            Some(Some(group)) if group.ended.is_some() => {
                let metadata = group.metadata.take();
                *group = StoredGroup { metadata, inviter, ..StoredGroup::default() };
            }
            Some(_) => return,
        }
        self.summary_changed(id, step);
    }

    pub(super) fn take_head(&mut self, head: &ConversationHead, step: &mut Step) {
        let id = head.conversation;
        let Some(listed) = self.summaries.get_mut(&id) else { return };
        listed.said.forgotten = false;
        // What was taken in since the relay was asked may not be in its answer.
        let seen = listed.asked_at;
        // Of before what was taken in since, it says nothing of who is let in now.
        if head.last >= listed.stored.position {
            listed.said.started_over =
                listed.other.as_ref().is_some_and(|other| head.started_over.contains(other));
        }
        listed.said.leaf = head.founded.then_some(head.member);
        if listed.said.started_over {
            self.active.insert(id);
        }
        if head.last < seen {
            step.event(Event::Warning(Some(id), Warning::LogRolledBack { last: head.last, seen }));
        }
        self.log_grew(id, head.last);
        self.take_group_head(head, step);
        let loaded = self.conversations.get_mut(&id);
        let refused = loaded.as_ref().is_some_and(|conversation| conversation.state.welcome_refused);
        if !head.member || refused {
            match loaded {
                Some(conversation) if !conversation.is_joined() => {
                    // What stands no more lets nobody in: it is founded again.
                    conversation.left_out = head.founded;
                    conversation.barred &= head.founded;
                }
                _ => {}
            }
            self.active.insert(id);
        }
    }

    /// What a head says of a group.
    fn take_group_head(&mut self, head: &ConversationHead, step: &mut Step) {
        let id = head.conversation;
        let answered = self.summaries.get(&id).is_some_and(|listed| listed.answered_since);
        let Some(group) = self.group_mut(id) else { return };
        if !group.unsynced && !answered && group.consent != head.consent {
            group.consent = head.consent;
            self.active.insert(id);
            self.summary_changed(id, step);
        }
        if !head.invitations_ended.is_empty() && self.may_speak(id) {
            let change = Change::EndInvitations { who: head.invitations_ended.clone() };
            self.want_change(id, change, step);
        }
        let told = self.summaries.get(&id).map_or(0, |listed| listed.join_requests);
        if told != head.join_requests {
            if let Some(listed) = self.summaries.get_mut(&id) {
                listed.join_requests = head.join_requests;
            }
            step.event(Event::JoinRequests { conversation: id, count: head.join_requests });
        }
    }

    /// Of the conversation with it nobody may be left who could let this device in: it is looked at anew.
    pub(super) fn other_started_over(&mut self, account: &AccountUri) {
        self.sync.want(Topic::Conversations);
        let with_it = self.summaries.iter_mut().filter(|(_, listed)| listed.other.as_ref() == Some(account));
        for (id, listed) in with_it {
            listed.said.leaf = listed.said.leaf.filter(|leaf| *leaf);
            if let Some(conversation) = self.conversations.get_mut(id)
                && !conversation.is_joined()
            {
                conversation.left_out = false;
                conversation.barred = false;
                self.active.insert(*id);
            }
        }
    }
}
