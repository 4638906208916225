//! What the command says: one of these for each thing. With `--json`, each is one object on one line.
//!
//! The shapes are promised: fields may be added, none is renamed or removed. They are documented in `JSON.md`. All
//! text in them was cleaned of what a terminal obeys.

mod activity;
mod change;
mod conversation;
mod group;
mod message;

use infrasound_core::{event::Person, warning::Warning as CoreWarning};
use infrasound_spec::{
    api::devices::DeviceInfo,
    consent::{ContactState, RequestPolicy},
    content::Attachment,
    conversation::ConversationId,
    link::LinkMode,
};
use serde::Serialize;

#[cfg(test)]
pub(crate) use self::group::Settings;
pub(crate) use self::{
    activity::Activity,
    change::Change,
    conversation::Conversation,
    group::{Banned, Group, JoinLink, JoinRequest, Member, NotAdded},
    message::{Message, Place, State, message_state},
};
use crate::{clean, time};

/// One thing that the command says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Line {
    Account(Account),
    Activity(Activity),
    Authorize { url: String, expires: String },
    Banned(Banned),
    CaughtUp,
    Changed(Changed),
    Compare(Compare),
    Conversation(Conversation),
    Device(Device),
    Done(Done),
    Error { code: &'static str, text: String, exit: u8 },
    Group(Group),
    JoinLink(JoinLink),
    JoinRequest(JoinRequest),
    JoinRequests { conversation: String, with: Option<String>, count: u64 },
    Link { code: String, uri: String },
    LinkProgress { records: u64 },
    Member(Member),
    Message(Message),
    MessageState(State),
    NotAdded(NotAdded),
    Offline { text: String },
    Policy(Policy),
    Request(Conversation),
    Saved(Saved),
    SafetyNumber { with: String, number: String, groups: Vec<String>, pinned: bool },
    Send(Send),
    Typing { conversation: String, with: Option<String>, from: String },
    Warning(Warning),
}

/// Whose device this is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the JSON")]
pub(crate) struct Account {
    pub(crate) handle: String,
    pub(crate) account: String,
    pub(crate) device: String,
    pub(crate) relay: String,
    pub(crate) home: String,
}

/// A wish about a group that was stored has happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Changed {
    pub(crate) id: String,
    pub(crate) conversation: String,
    pub(crate) with: Option<String>,
}

/// What was asked for is done, or stored until it can be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Done {
    pub(crate) command: &'static str,
    pub(crate) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) with: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) conversation: Option<String>,
    /// What a change of a group is known by later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// What it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// A device of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the JSON")]
pub(crate) struct Device {
    pub(crate) device: String,
    pub(crate) name: String,
    pub(crate) created: String,
    pub(crate) last_seen: String,
    pub(crate) this_device: bool,
}

/// What shows whether two devices are linked with each other and nobody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Compare {
    pub(crate) number: String,
    /// `number` or `uri`.
    pub(crate) mode: &'static str,
    pub(crate) device: Option<String>,
}

impl Compare {
    pub(crate) fn new(number: &str, mode: LinkMode, device: Option<&str>) -> Self {
        let mode = match mode {
            LinkMode::Number => "number",
            LinkMode::Uri => "uri",
        };
        Self { number: number.to_owned(), mode, device: device.map(clean::line) }
    }
}

/// Who may ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the JSON")]
pub(crate) struct Policy {
    pub(crate) for_not_following: String,
    pub(crate) for_not_followers: String,
    pub(crate) for_new_accounts: String,
    pub(crate) for_private_mentions: String,
    pub(crate) for_limited_accounts: String,
}

/// What became of a message that was just written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Send {
    pub(crate) id: String,
    pub(crate) to: String,
    pub(crate) conversation: Option<String>,
    pub(crate) state: &'static str,
    pub(crate) reason: Option<String>,
}

/// A file of a message that was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Saved {
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) size: u64,
}

impl Saved {
    pub(crate) fn new(attachment: &Attachment, path: &std::path::Path) -> Self {
        Self {
            path: path.display().to_string(),
            name: clean::line(&attachment.name),
            size: attachment.blob.as_ref().map_or(0, |blob| blob.size),
        }
    }
}

/// Something is wrong that a person should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Warning {
    pub(crate) kind: String,
    pub(crate) conversation: Option<String>,
    pub(crate) with: Option<String>,
    pub(crate) text: String,
    pub(crate) detail: serde_json::Value,
}

impl Device {
    pub(crate) fn new(device: &DeviceInfo, this_device: bool) -> Self {
        Self {
            device: device.device.to_string(),
            name: clean::line(&device.name),
            created: time::rfc3339(device.created),
            last_seen: time::rfc3339(device.last_seen),
            this_device,
        }
    }
}

impl Account {
    pub(crate) fn new(person: &Person, device: String, relay: &str, home: &std::path::Path) -> Self {
        Self {
            handle: person.handle.to_string(),
            account: clean::line(person.account.as_str()),
            device,
            relay: relay.to_owned(),
            home: home.display().to_string(),
        }
    }
}

impl Warning {
    pub(crate) fn new(warning: &CoreWarning, conversation: Option<ConversationId>, place: &Place) -> Self {
        let (kind, detail) = match serde_json::to_value(warning) {
            Ok(serde_json::Value::Object(map)) => {
                map.into_iter().next().unwrap_or_else(|| ("Unknown".to_owned(), serde_json::Value::Null))
            }
            _ => ("Unknown".to_owned(), serde_json::Value::Null),
        };
        Self {
            kind: snake_case(&kind),
            conversation: conversation.map(|id| id.to_string()),
            with: place.with.clone(),
            text: clean::line(&warning.to_string()),
            detail,
        }
    }
}

impl From<&RequestPolicy> for Policy {
    fn from(policy: &RequestPolicy) -> Self {
        let word = |verdict| serde_word(&verdict);
        Self {
            for_not_following: word(policy.for_not_following),
            for_not_followers: word(policy.for_not_followers),
            for_new_accounts: word(policy.for_new_accounts),
            for_private_mentions: word(policy.for_private_mentions),
            for_limited_accounts: word(policy.for_limited_accounts),
        }
    }
}

/// The word for what is said of somebody.
pub(crate) fn contact_state(state: ContactState) -> &'static str {
    match state {
        ContactState::None => "none",
        ContactState::Accepted => "accepted",
        ContactState::Ignored => "ignored",
        ContactState::Blocked => "blocked",
    }
}

fn serde_word(value: &impl Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(ToOwned::to_owned))
        .unwrap_or_default()
}

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_has_a_kind_for_programs() {
        let warning = Warning::new(&CoreWarning::LogGap { after: 3, got: 5 }, None, &Place::default());
        assert_eq!(
            (warning.kind.as_str(), warning.detail),
            ("log_gap", serde_json::json!({"after": 3, "got": 5}))
        );
    }

    #[test]
    fn every_type_is_documented() {
        let documented = include_str!("../../JSON.md");
        let source = include_str!("mod.rs");
        let (_, variants) = source.split_once("pub(crate) enum Line {").unwrap();
        let (variants, _) = variants.split_once("\n}").unwrap();
        let names: Vec<_> = variants
            .lines()
            .filter_map(|line| line.strip_prefix("    ")?.split(['(', ' ', ',']).next())
            .filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
            .collect();
        assert!(names.len() > 10, "{names:?}");
        for name in names {
            assert!(documented.contains(&format!("| `{}` |", snake_case(name))), "{name}");
        }
    }
}
