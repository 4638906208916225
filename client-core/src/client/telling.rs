//! What a commit changed in a group, as lines of its history.
//!
//! Spec: `groups.md` 3 and 4.

use infrasound_spec::{
    account::AccountUri,
    api::conversations::Accepted,
    commit::CommitChanges,
    content::{GroupMetadata, ObjectId},
    conversation::ConversationId,
    external::ExternalJoin,
    log::LogEntry,
    policy::{GroupPolicy, Role},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{Client, history::StoredNote, received::Origin, step::Step};
use crate::{
    conversation::Conversation,
    event::Event,
    intent::Intent,
    message::{Body, GroupChange, Message, MessageState},
};

/// The stored form of a [`GroupChange`]: by account, since handles are only what the relay calls them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "one lives for a moment, on its way to or from the journal")]
pub(super) enum StoredChange {
    Began,
    Added(Vec<AccountUri>),
    Removed(Vec<AccountUri>),
    Left(Vec<AccountUri>),
    Joined,
    Renewed(Vec<AccountUri>),
    Role(AccountUri, Role),
    Settings,
    Bans,
    Links,
    Closed,
    Opened,
    Described(GroupMetadata),
    Missed,
}

impl Client {
    /// A wish about a group has happened.
    pub(super) fn tell_changed(conversation: ConversationId, intent: &Intent, step: &mut Step) {
        if let Some(object) = intent.wish().cloned() {
            step.event(Event::Changed { conversation, object });
        }
    }

    /// The lines of a commit.
    pub(super) fn tell_commit(
        &mut self,
        conversation: &mut Conversation,
        entry: &LogEntry,
        changes: &CommitChanges,
        before: Option<&GroupPolicy>,
        step: &mut Step,
    ) {
        let Some(before) = before else { return };
        let lines = lines_of(changes, before);
        if lines.is_empty() {
            return;
        }
        let origin = Origin {
            account: changes.committer.account.clone(),
            own: changes.committer.account == self.device.account,
            number: entry.number,
            time: entry.time,
        };
        self.tell_lines(conversation.id, &origin, lines, step);
    }

    /// The line of what this device did by entering.
    pub(super) fn tell_own_entry(
        &mut self,
        conversation: &Conversation,
        accepted: Accepted,
        line: StoredChange,
        step: &mut Step,
    ) {
        let origin = self.own_origin(accepted.number, accepted.time);
        self.tell_lines(conversation.id, &origin, vec![line], step);
    }

    pub(super) fn own_origin(&self, number: u64, time: Timestamp) -> Origin {
        Origin { account: self.device.account.clone(), own: true, number, time }
    }

    pub(super) fn tell_lines(
        &mut self,
        id: ConversationId,
        origin: &Origin,
        lines: Vec<StoredChange>,
        step: &mut Step,
    ) {
        let Ok(object) = format!("urn:infrasound:entry:{}", origin.number).parse::<ObjectId>() else {
            return;
        };
        let body = Body::Changes(lines.iter().map(|line| self.change_of(line)).collect());
        self.put_item(id, origin, &object, &StoredNote::changes(origin.number, origin.time, lines), step);
        step.event(Event::Message(Message {
            id: object,
            conversation: Some(id),
            number: Some(origin.number),
            sender: self.handle_of(&origin.account),
            own: origin.own,
            time: origin.time,
            body,
            in_reply_to: None,
            attachments: Vec::new(),
            edited: false,
            reactions: Vec::new(),
            state: if origin.own { MessageState::Sent } else { MessageState::Received },
        }));
    }

    /// A stored line as the app sees it.
    pub(super) fn change_of(&self, stored: &StoredChange) -> GroupChange {
        let handles =
            |accounts: &[AccountUri]| accounts.iter().map(|account| self.handle_of(account)).collect();
        match stored {
            StoredChange::Began => GroupChange::Began,
            StoredChange::Added(who) => GroupChange::Added(handles(who)),
            StoredChange::Removed(who) => GroupChange::Removed(handles(who)),
            StoredChange::Left(who) => GroupChange::Left(handles(who)),
            StoredChange::Joined => GroupChange::Joined,
            StoredChange::Renewed(who) => GroupChange::Renewed(handles(who)),
            StoredChange::Role(who, role) => GroupChange::Role(self.handle_of(who), *role),
            StoredChange::Settings => GroupChange::Settings,
            StoredChange::Bans => GroupChange::Bans,
            StoredChange::Links => GroupChange::Links,
            StoredChange::Closed => GroupChange::Closed,
            StoredChange::Opened => GroupChange::Opened,
            StoredChange::Described(metadata) => GroupChange::Described(metadata.clone()),
            StoredChange::Missed => GroupChange::Missed,
        }
    }
}

fn lines_of(changes: &CommitChanges, before: &GroupPolicy) -> Vec<StoredChange> {
    let mut lines = Vec::new();
    let mut some = |who: Vec<AccountUri>, line: fn(Vec<AccountUri>) -> StoredChange| {
        if !who.is_empty() {
            lines.push(line(who));
        }
    };
    let by_link = matches!(changes.external, Some(ExternalJoin::Link { .. }));
    let removed = changes.gone.iter().filter(|account| !changes.left.contains(account)).cloned().collect();
    some(changes.left.clone(), StoredChange::Left);
    some(removed, StoredChange::Removed);
    some(changes.renewed.clone(), StoredChange::Renewed);
    if by_link {
        lines.push(StoredChange::Joined);
    } else {
        some(changes.joined.clone(), StoredChange::Added);
    }
    if let Some(after) = &changes.policy {
        lines.extend(policy_lines(before, after, &changes.gone));
    }
    lines
}

fn policy_lines(before: &GroupPolicy, after: &GroupPolicy, gone: &[AccountUri]) -> Vec<StoredChange> {
    let mut lines = Vec::new();
    let mut accounts: Vec<&AccountUri> = before.roles.keys().chain(after.roles.keys()).collect();
    accounts.sort();
    accounts.dedup();
    for account in accounts {
        if before.role(account) != after.role(account) && !gone.contains(account) {
            lines.push(StoredChange::Role(account.clone(), after.role(account)));
        }
    }
    let settings = |policy: &GroupPolicy| (policy.add, policy.rename, policy.post, policy.join);
    if settings(before) != settings(after) {
        lines.push(StoredChange::Settings);
    }
    if before.banned != after.banned {
        lines.push(StoredChange::Bans);
    }
    if before.links != after.links && gone.is_empty() {
        lines.push(StoredChange::Links);
    }
    match (before.closed, after.closed) {
        (false, true) => lines.push(StoredChange::Closed),
        (true, false) => lines.push(StoredChange::Opened),
        _ => {}
    }
    lines
}
