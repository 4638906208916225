//! A group as its members see it.

use infrasound_core::{event, group_link::GroupLink};
use infrasound_spec::{
    account::AccountUri,
    policy::{GroupPolicy, JoinMode, LinkKey, LinkTerms, Role},
};
use serde::Serialize;

use super::{conversation::Conversation, integer::Integer, person::Person};

/// A group.
#[derive(Debug, Serialize)]
pub(crate) struct GroupView {
    summary: Conversation,
    role: Option<Role>,
    settings: Option<Settings>,
    members: Vec<Member>,
    banned: Vec<AccountUri>,
    links: Vec<Link>,
}

/// Who may do what.
#[derive(Debug, Serialize)]
pub(crate) struct Settings {
    add: Role,
    rename: Role,
    post: Role,
    join: JoinMode,
    closed: bool,
}

/// Somebody who is in a group.
#[derive(Debug, Serialize)]
pub(crate) struct Member {
    person: Person,
    role: Role,
    devices: Integer,
    own: bool,
}

/// A join link that was made on this device.
#[derive(Debug, Serialize)]
pub(crate) struct Link {
    key: LinkKey,
    #[serde(rename = "link")]
    fragment: String,
    expires: Integer,
    uses: u32,
}

impl From<event::GroupView> for GroupView {
    fn from(view: event::GroupView) -> Self {
        let event::GroupView { summary, role, policy, members, links } = view;
        let link = |(link, LinkTerms { expires, uses }): (GroupLink, _)| Link {
            key: link.key(),
            fragment: link.to_fragment(),
            expires: expires.into(),
            uses,
        };
        Self {
            summary: summary.into(),
            role,
            settings: policy.as_ref().map(Settings::from),
            members: members.into_iter().map(Member::from).collect(),
            banned: policy.map(|policy| policy.banned.into_iter().collect()).unwrap_or_default(),
            links: links.into_iter().map(link).collect(),
        }
    }
}

impl From<&GroupPolicy> for Settings {
    fn from(policy: &GroupPolicy) -> Self {
        Self {
            add: policy.add,
            rename: policy.rename,
            post: policy.post,
            join: policy.join,
            closed: policy.closed,
        }
    }
}

impl From<event::Member> for Member {
    fn from(member: event::Member) -> Self {
        Self {
            person: member.person.into(),
            role: member.role,
            devices: member.devices.into(),
            own: member.own,
        }
    }
}
