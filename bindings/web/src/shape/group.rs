//! A group as its members see it, and what they set.

use infrasound_core::{Settings as CoreSettings, event};
use infrasound_spec::{
    account::AccountUri,
    content::GroupMetadata,
    policy::{GroupPolicy, JoinMode, LinkKey, Role},
};
use serde::{Deserialize, Serialize};

use super::{attachment::Attachment, conversation::Conversation, integer::Integer, person::Person};

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

/// Who may do what. As a wish, what is missing stays as it is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Settings {
    #[serde(default)]
    add: Option<Role>,
    #[serde(default)]
    rename: Option<Role>,
    #[serde(default)]
    post: Option<Role>,
    #[serde(default)]
    join: Option<JoinMode>,
    #[serde(default)]
    closed: Option<bool>,
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
    link: String,
    expires: Integer,
    uses: u32,
}

/// What a group is to be called.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    picture: Option<Attachment>,
}

impl From<event::GroupView> for GroupView {
    fn from(view: event::GroupView) -> Self {
        let event::GroupView { summary, role, policy, members, links } = view;
        let link = |(link, terms): (infrasound_core::group_link::GroupLink, _)| {
            let infrasound_spec::policy::LinkTerms { expires, uses } = terms;
            Link { key: link.key(), link: link.to_fragment(), expires: expires.into(), uses }
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
            add: Some(policy.add),
            rename: Some(policy.rename),
            post: Some(policy.post),
            join: Some(policy.join),
            closed: Some(policy.closed),
        }
    }
}

impl From<Settings> for CoreSettings {
    fn from(settings: Settings) -> Self {
        let Settings { add, rename, post, join, closed } = settings;
        Self { add, rename, post, join, closed }
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

impl From<Metadata> for GroupMetadata {
    fn from(metadata: Metadata) -> Self {
        let Metadata { name, description, picture } = metadata;
        Self { name, summary: description, picture: picture.map(Into::into) }
    }
}
