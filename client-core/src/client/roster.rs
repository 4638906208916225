//! Who is in a group by name, and which devices this account still has.
//!
//! Who is a member is what the tree says. The relay is asked for handles only.
//! Spec: `groups.md` 3.8; `identity.md` 1.

use std::collections::BTreeSet;

use infrasound_spec::{
    account::{AccountUri, DeviceId, Handle},
    api::{devices::DeviceList, groups::MemberList, paths, problem::Problem},
    conversation::ConversationId,
};

use super::{Client, requests::Purpose, step::Step, sync::Topic};
use crate::{conversation::Conversation, intent::Change, output::Method};

impl Client {
    /// Asks for the names of members that have none here, once an epoch. Says whether it did.
    pub(super) fn pump_names(&mut self, id: ConversationId, step: &mut Step) -> bool {
        let Some(conversation) = self.conversations.get(&id) else { return false };
        let Some(group) = conversation.group.as_ref().filter(|_| conversation.policy.is_some()) else {
            return false;
        };
        let epoch = group.epoch().as_u64();
        if conversation.names_asked == Some(epoch) {
            return false;
        }
        let nameless = |account: &&AccountUri| {
            **account != self.device.account
                && !self.contacts.contains_key(*account)
                && !conversation.names.contains_key(*account)
        };
        let unknown = conversation.members.everybody().accounts().keys().any(nameless);
        if let Some(conversation) = self.conversations.get_mut(&id) {
            conversation.names_asked = Some(epoch);
        }
        if unknown {
            let path = paths::with(paths::MEMBERS, "conversation", &id.to_string());
            self.ask(Purpose::Members(id), Method::Get, path, step);
        }
        unknown
    }

    pub(super) fn members_told(
        &mut self,
        id: ConversationId,
        list: Result<MemberList, Box<Problem>>,
        step: &mut Step,
    ) {
        let Ok(list) = list else { return };
        for member in list.members {
            if !self.may_be_called(&member.account, &member.handle) {
                continue;
            }
            self.names.insert(member.account.clone(), member.handle.clone());
            if let Some(conversation) = self.conversations.get_mut(&id) {
                conversation.name(&member.account, &member.handle, &mut step.writes);
            }
        }
        self.active.insert(id);
    }

    /// What the relay called the members of a conversation that was just loaded.
    pub(super) fn take_names(&mut self, conversation: &Conversation) {
        for (account, handle) in &conversation.names {
            self.names.insert(account.clone(), handle.clone());
        }
    }

    /// A handle for an account that the relay has not named: made from its URI, which is who it is.
    pub(super) fn guess_handle(account: &AccountUri) -> Option<Handle> {
        let name = account.as_str().trim_end_matches('/').rsplit('/').next()?.trim_start_matches('@');
        Handle::new(name, account.authority()).ok()
    }

    pub(super) fn devices_told(&mut self, list: Result<&DeviceList, &Problem>) {
        self.sync.answered(Topic::Devices);
        let Ok(list) = list else { return };
        let devices: BTreeSet<DeviceId> = list.devices.iter().map(|device| device.device).collect();
        if self.own_devices.as_ref() != Some(&devices) {
            let before = self.own_devices.replace(devices);
            // Where a device is gone, its leaves have to go; each conversation finds out when it is looked at.
            if before.is_some_and(|before| before.iter().any(|device| !self.is_own_device(device))) {
                self.active.extend(self.summaries.keys());
            }
        }
    }

    fn is_own_device(&self, device: &DeviceId) -> bool {
        self.own_devices.as_ref().is_none_or(|devices| devices.contains(device))
    }

    /// Leaves of this account whose devices are its no longer.
    pub(super) fn stray_leaves(&self, conversation: &Conversation) -> Vec<u32> {
        conversation
            .members
            .everybody()
            .leaves_of(&self.device.account)
            .filter(|(_, device)| device.device != self.device.id && !self.is_own_device(&device.device))
            .map(|(index, _)| index)
            .collect()
    }

    /// Wants stray leaves taken out.
    pub(super) fn want_devices_dropped(&mut self, id: ConversationId, step: &mut Step) {
        let Some(conversation) = self.conversations.get(&id) else { return };
        if !self.stray_leaves(conversation).is_empty() {
            self.want_change(id, Change::DropDevices, step);
        }
    }
}
