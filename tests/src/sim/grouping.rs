//! The actions of a plan that are about groups.

use infrasound_core::{
    Settings,
    input::{GroupWish, Wish},
};
use infrasound_spec::{
    account::Handle,
    consent::ContactState,
    content::{GroupMetadata, ObjectId},
    conversation::ConversationId,
    policy::{JoinMode, Role},
    time::DAY,
};

use super::{
    ledger::{Ledger, Note},
    plan::GroupDeed,
    verdict::Violation,
    world::World,
};

impl World {
    /// An account makes a group with others.
    pub(super) fn create_group(&mut self, by: usize, with: u32) -> Result<(), Violation> {
        let device = self.device_of(by);
        let members = (0..self.plan.accounts).filter(|account| with >> account & 1 == 1);
        let members = members.map(|account| self.handle(account)).collect();
        let metadata = GroupMetadata { name: "a group".to_owned(), ..GroupMetadata::default() };
        self.group_wish(device, GroupWish::Create { metadata, members })
    }

    /// An account does something in one of its groups.
    pub(super) fn do_in_group(&mut self, by: usize, group: usize, deed: GroupDeed) -> Result<(), Violation> {
        let device = self.device_of(by);
        let Some(conversation) = self.group(device, group) else { return Ok(()) };
        let wish = match deed {
            GroupDeed::Say => return self.say(by, conversation, None),
            GroupDeed::Add(who) => GroupWish::Add { conversation, who: vec![self.handle(who)] },
            GroupDeed::Remove { who, ban } => {
                GroupWish::Remove { conversation, who: vec![self.handle(who)], ban }
            }
            GroupDeed::Unban(who) => {
                let who = self.ledger.accounts[who % self.plan.accounts].uri.clone();
                GroupWish::Unban { conversation, who }
            }
            GroupDeed::Role { who, role } => {
                GroupWish::SetRole { conversation, who: self.handle(who), role: as_role(role) }
            }
            GroupDeed::Settings { add, post, join } => {
                let join = match join % 3 {
                    0 => JoinMode::Invite,
                    1 => JoinMode::Approval,
                    _ => JoinMode::Open,
                };
                let settings = Settings {
                    add: Some(as_role(add)),
                    post: Some(as_role(post)),
                    join: Some(join),
                    ..Settings::default()
                };
                GroupWish::Set { conversation, settings }
            }
            GroupDeed::Close(closed) => {
                let settings = Settings { closed: Some(closed), ..Settings::default() };
                GroupWish::Set { conversation, settings }
            }
            GroupDeed::Describe(number) => {
                let metadata = GroupMetadata { name: format!("group {number}"), ..GroupMetadata::default() };
                GroupWish::Describe { conversation, metadata }
            }
            GroupDeed::MakeLink(uses) => {
                GroupWish::MakeLink { conversation, lifetime: DAY, uses: u32::from(uses) }
            }
            GroupDeed::Answer(state) => GroupWish::Answer { conversation, state },
            GroupDeed::Leave => {
                let account = self.devices[device].account;
                self.ledger.leaves(account, conversation);
                GroupWish::Leave { conversation }
            }
            GroupDeed::FoundAgain => GroupWish::FoundAgain { conversation },
        };
        self.group_wish(device, wish)
    }

    /// An account follows a link that somebody has made.
    pub(super) fn join_group(&mut self, by: usize, link: usize) -> Result<(), Violation> {
        let links = &self.ledger.links;
        let Some(link) = links.get(link % links.len().max(1)).cloned() else { return Ok(()) };
        self.group_wish(self.device_of(by), GroupWish::Join { link })
    }

    /// An account writes to a group.
    pub(super) fn say(
        &mut self,
        by: usize,
        conversation: ConversationId,
        in_reply_to: Option<ObjectId>,
    ) -> Result<(), Violation> {
        let (writer, device) = (by % self.plan.accounts, self.device_of(by));
        let note = self.ledger.notes.len();
        let text = Ledger::text(writer, note);
        self.ledger.notes.push(Note { device, object: None, place: None });
        let wish = GroupWish::Send { conversation, text, in_reply_to, attachments: Vec::new() };
        self.wish(device, Wish::Group(wish), Some(note))
    }

    pub(super) fn group_wish(&mut self, device: usize, wish: GroupWish) -> Result<(), Violation> {
        self.wish(device, Wish::Group(wish), None)
    }

    pub(super) fn handle(&self, account: usize) -> Handle {
        self.ledger.accounts[account % self.plan.accounts].handle.clone()
    }

    /// One of the groups that a device lists, counted round.
    fn group(&self, device: usize, number: usize) -> Option<ConversationId> {
        let all = self.groups_of(device);
        (!all.is_empty()).then(|| all[number % all.len()])
    }

    /// The groups that a device lists and that are not over for it, in an order of their own.
    pub(super) fn groups_of(&self, device: usize) -> Vec<ConversationId> {
        let Some(core) = self.devices[device].core() else { return Vec::new() };
        let open = core
            .conversations()
            .into_iter()
            .filter(|one| one.group().is_some_and(|group| group.ended.is_none()));
        let mut all: Vec<_> = open.map(|one| one.conversation).collect();
        all.sort();
        all
    }

    /// Everybody says yes to every group that they were invited into.
    pub(super) fn accept_groups(&mut self) -> Result<(), Violation> {
        for account in 0..self.plan.accounts {
            let device = self.device_of(account);
            for conversation in self.groups_of(device) {
                let state = ContactState::Accepted;
                self.group_wish(device, GroupWish::Answer { conversation, state })?;
            }
        }
        Ok(())
    }

    /// Who has started over is let into the groups again, by whoever may.
    pub(super) fn let_in_again(&mut self) -> Result<(), Violation> {
        for account in 0..self.plan.accounts {
            let device = self.device_of(account);
            for conversation in self.groups_of(device) {
                let standing = self.devices[device].core().and_then(|core| core.standing(conversation));
                let Some(standing) = standing else { continue };
                let own = self.devices[device].account;
                let own = &self.ledger.accounts[own].uri;
                let may = standing.policy.as_ref().is_some_and(|policy| policy.may_add(own));
                let gone = |leaf: &_| {
                    let known = self.devices.iter().find(|known| known.id == *leaf);
                    known.is_some_and(|known| known.retired.is_some())
                };
                let stale = standing.members.iter().filter(|(_, leaf)| gone(leaf));
                let who: Vec<Handle> = stale
                    .filter_map(|(account, _)| self.ledger.accounts.iter().find(|one| one.uri == *account))
                    .map(|account| account.handle.clone())
                    .collect();
                if may && !who.is_empty() {
                    self.group_wish(device, GroupWish::Add { conversation, who })?;
                }
            }
        }
        Ok(())
    }
}

fn as_role(number: u8) -> Role {
    match number % 3 {
        0 => Role::Member,
        1 => Role::Moderator,
        _ => Role::Owner,
    }
}
