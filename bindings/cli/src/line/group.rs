//! A group: its settings, who is in it, the ways into it.

use infrasound_core::event::{Failure, GroupView, Member as CoreMember};
use infrasound_native::{JoinLink as LinkText, RelayUrl};
use infrasound_spec::{
    account::Handle,
    api::groups::JoinRequest as CoreRequest,
    conversation::ConversationId,
    policy::{GroupPolicy, JoinMode, LinkKey, LinkTerms},
};
use serde::Serialize;

use super::{change::role_word, contact_state};
use crate::{clean, exit, name, time};

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Group {
    pub(crate) conversation: String,
    pub(crate) with: String,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) consent: &'static str,
    pub(crate) inviter: Option<String>,
    pub(crate) ended: Option<&'static str>,
    pub(crate) waiting_for: Option<String>,
    /// What this account is in it; `None` while it is not in it.
    pub(crate) role: Option<&'static str>,
    pub(crate) members: usize,
    pub(crate) settings: Option<Settings>,
}

/// Who may do what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Settings {
    pub(crate) add: &'static str,
    pub(crate) rename: &'static str,
    pub(crate) post: &'static str,
    pub(crate) join: &'static str,
    pub(crate) closed: bool,
}

/// Somebody who is in a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Member {
    pub(crate) conversation: String,
    pub(crate) with: String,
    pub(crate) handle: String,
    pub(crate) account: String,
    pub(crate) role: &'static str,
    pub(crate) devices: usize,
    pub(crate) own: bool,
}

/// A way into a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct JoinLink {
    pub(crate) conversation: String,
    pub(crate) with: String,
    pub(crate) key: String,
    pub(crate) expires: String,
    /// How many may come in by it; `None` for any number.
    pub(crate) uses: Option<u32>,
    /// The text to pass on, if the link was made on this device.
    pub(crate) link: Option<String>,
    pub(crate) state: &'static str,
}

/// Somebody who asks to be let into a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct JoinRequest {
    pub(crate) conversation: String,
    pub(crate) with: String,
    pub(crate) from: String,
    pub(crate) account: String,
    pub(crate) since: String,
}

/// An account that may not come into a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Banned {
    pub(crate) conversation: String,
    pub(crate) with: String,
    pub(crate) account: String,
}

/// Somebody could not be let into a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct NotAdded {
    pub(crate) conversation: String,
    pub(crate) with: Option<String>,
    pub(crate) who: String,
    pub(crate) code: &'static str,
    pub(crate) reason: String,
}

impl Group {
    pub(crate) fn new(view: &GroupView, with: String) -> Self {
        let card = view.summary.group().map(super::conversation::Card::from);
        let (description, inviter, ended) =
            card.map_or((None, None, None), |card| (card.description, card.inviter, card.ended));
        Self {
            conversation: view.summary.conversation.to_string(),
            with,
            name: name::title(&view.summary),
            description,
            consent: contact_state(view.summary.consent),
            inviter,
            ended,
            waiting_for: view.summary.waiting.as_deref().map(clean::line),
            role: view.role.map(role_word),
            members: view.members.len(),
            settings: view.policy.as_ref().map(Settings::from),
        }
    }
}

impl From<&GroupPolicy> for Settings {
    fn from(policy: &GroupPolicy) -> Self {
        Self {
            add: role_word(policy.add),
            rename: role_word(policy.rename),
            post: role_word(policy.post),
            join: join_word(policy.join),
            closed: policy.closed,
        }
    }
}

impl Member {
    pub(crate) fn new(member: &CoreMember, conversation: ConversationId, with: &str) -> Self {
        Self {
            conversation: conversation.to_string(),
            with: with.to_owned(),
            handle: member.person.handle.to_string(),
            account: clean::line(member.person.account.as_str()),
            role: role_word(member.role),
            devices: member.devices,
            own: member.own,
        }
    }
}

impl JoinLink {
    /// A link that is good, or, with the state `queued`, will be.
    pub(crate) fn new(
        key: &LinkKey,
        terms: LinkTerms,
        link: Option<LinkText>,
        conversation: ConversationId,
        with: &str,
    ) -> Self {
        Self {
            conversation: conversation.to_string(),
            with: with.to_owned(),
            key: key.to_string(),
            expires: time::rfc3339(terms.expires),
            uses: Some(terms.uses).filter(|uses| *uses > 0),
            link: link.map(|link| link.to_string()),
            state: "done",
        }
    }

    /// All links of a group that are good.
    pub(crate) fn all(view: &GroupView, relay: &RelayUrl, with: &str) -> Vec<Self> {
        let policy = view.policy.iter().flat_map(|policy| &policy.links);
        let own = |key: &LinkKey| {
            let made = view.links.iter().find(|(link, _)| link.key() == *key)?;
            Some(LinkText { relay: relay.clone(), link: made.0.clone() })
        };
        policy.map(|(key, terms)| Self::new(key, *terms, own(key), view.summary.conversation, with)).collect()
    }
}

impl JoinRequest {
    pub(crate) fn new(request: &CoreRequest, conversation: ConversationId, with: &str) -> Self {
        Self {
            conversation: conversation.to_string(),
            with: with.to_owned(),
            from: request.who.handle.to_string(),
            account: clean::line(request.who.account.as_str()),
            since: time::rfc3339(request.since),
        }
    }
}

impl Banned {
    /// All accounts that may not come into a group.
    pub(crate) fn all(view: &GroupView, with: &str) -> Vec<Self> {
        let banned = view.policy.iter().flat_map(|policy| &policy.banned);
        let conversation = view.summary.conversation.to_string();
        banned
            .map(|account| Self {
                conversation: conversation.clone(),
                with: with.to_owned(),
                account: clean::line(account.as_str()),
            })
            .collect()
    }
}

impl NotAdded {
    pub(crate) fn new(
        conversation: ConversationId,
        with: Option<String>,
        who: &Handle,
        failure: &Failure,
    ) -> Self {
        Self {
            conversation: conversation.to_string(),
            with,
            who: who.to_string(),
            code: exit::refused(failure.code),
            reason: clean::line(&failure.text),
        }
    }
}

/// The word for what a link gives.
pub(crate) fn join_word(join: JoinMode) -> &'static str {
    match join {
        JoinMode::Invite => "invite",
        JoinMode::Approval => "approval",
        JoinMode::Open => "open",
    }
}

#[cfg(test)]
mod tests {
    use infrasound_core::event::Person;
    use infrasound_spec::{consent::ContactState, policy::Role, time::Timestamp};

    use super::*;
    use crate::line::Line;

    fn view() -> GroupView {
        let person = |name: &str| Person {
            account: format!("https://a.example/users/{name}").parse().unwrap(),
            handle: format!("@{name}@a.example").parse().unwrap(),
        };
        let mut policy = GroupPolicy::new(&person("alice").account);
        policy.banned.insert(person("mallory").account);
        let terms = LinkTerms { expires: Timestamp::from_secs(0), uses: 3 };
        policy.links.insert(LinkKey::from_bytes([0; 32]), terms);
        let member = |name: &str, role, own| CoreMember { person: person(name), role, devices: 1, own };
        GroupView {
            summary: name::tests::herd(0, "Herd", ContactState::Accepted, None),
            role: Some(Role::Owner),
            policy: Some(policy),
            members: vec![member("alice", Role::Owner, true), member("bob", Role::Member, false)],
            links: Vec::new(),
        }
    }

    /// The promise of `JSON.md`.
    #[test]
    fn the_shapes_of_a_group_are_kept() {
        let id = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let view = view();
        let with = "#Herd";
        let relay: RelayUrl = "https://relay.example".parse().unwrap();
        let lines = [
            Line::Group(Group::new(&view, with.to_owned())),
            Line::Member(Member::new(&view.members[1], view.summary.conversation, with)),
            Line::JoinLink(JoinLink::all(&view, &relay, with).remove(0)),
            Line::Banned(Banned::all(&view, with).remove(0)),
        ];
        let shapes = lines.map(|line| serde_json::to_string(&line).unwrap());
        let begin = |name: &str| format!(r##"{{"type":"{name}","conversation":"{id}","with":"#Herd","##);
        assert_eq!(
            shapes,
            [
                begin("group")
                    + concat!(
                        r#""name":"Herd","description":"","consent":"accepted","inviter":null,"ended":null,"#,
                        r#""waiting_for":null,"role":"owner","members":2,"settings":{"add":"moderator","#,
                        r#""rename":"moderator","post":"member","join":"invite","closed":false}}"#
                    ),
                begin("member")
                    + concat!(
                        r#""handle":"@bob@a.example","account":"https://a.example/users/bob","role":"member","#,
                        r#""devices":1,"own":false}"#
                    ),
                begin("join_link")
                    + &format!(
                        r#""key":"{id}","expires":"1970-01-01T00:00:00.000Z","uses":3,"link":null,"state":"done"}}"#
                    ),
                begin("banned") + r#""account":"https://a.example/users/mallory"}"#,
            ]
        );
    }
}
