//! What the command says: one of these for each thing. With `--json`, each is one object on one line.
//!
//! The shapes are promised: fields may be added, none is renamed or removed. They are documented in `JSON.md`. All
//! text in them was cleaned of what a terminal obeys.

use infrasound_core::{
    conversation::summary::Summary,
    event::Person,
    message::{Body, Message as CoreMessage, MessageState},
    warning::Warning as CoreWarning,
};
use infrasound_spec::{
    account::Handle,
    api::devices::DeviceInfo,
    consent::{ContactState, RequestPolicy},
    content::ObjectId,
    conversation::ConversationId,
    time::Timestamp,
};
use serde::Serialize;

use crate::{clean, html, time};

/// One thing that the command says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Line {
    Account(Account),
    Activity(Activity),
    Authorize {
        url: String,
        expires: String,
    },
    CaughtUp,
    Conversation(Conversation),
    Device(Device),
    Done {
        command: &'static str,
        state: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        with: Option<String>,
    },
    Error {
        code: &'static str,
        text: String,
        exit: u8,
    },
    Message(Message),
    MessageState(State),
    Offline {
        text: String,
    },
    Policy(Policy),
    Request(Conversation),
    SafetyNumber {
        with: String,
        number: String,
        groups: Vec<String>,
        pinned: bool,
    },
    Send(Send),
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

/// What somebody did to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Activity {
    pub(crate) act: &'static str,
    pub(crate) conversation: String,
    pub(crate) with: Option<String>,
    pub(crate) number: u64,
    pub(crate) from: String,
    pub(crate) own: bool,
    pub(crate) time: String,
    pub(crate) object: Option<String>,
    pub(crate) emoji: Option<String>,
    pub(crate) text: Option<String>,
}

/// A conversation, or a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the JSON")]
pub(crate) struct Conversation {
    pub(crate) conversation: String,
    pub(crate) with: String,
    pub(crate) account: String,
    pub(crate) consent: String,
    pub(crate) request: bool,
    pub(crate) unread: u64,
    pub(crate) last_message: u64,
    pub(crate) last_time: String,
    pub(crate) preview: String,
    pub(crate) waiting_for: Option<String>,
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

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Message {
    /// What `reply`, `react`, `edit` and `delete` take.
    #[serde(rename = "ref")]
    pub(crate) reference: String,
    pub(crate) id: String,
    pub(crate) conversation: Option<String>,
    pub(crate) with: Option<String>,
    pub(crate) number: Option<u64>,
    pub(crate) from: String,
    pub(crate) own: bool,
    pub(crate) time: String,
    pub(crate) kind: &'static str,
    pub(crate) text: String,
    pub(crate) in_reply_to: Option<String>,
    pub(crate) edited: bool,
    pub(crate) reactions: Vec<Reaction>,
    pub(crate) state: &'static str,
    pub(crate) reason: Option<String>,
    /// Whether it is from somebody who has not been accepted.
    pub(crate) request: bool,
}

/// A reaction to a message; no emoji is a like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Reaction {
    pub(crate) from: String,
    pub(crate) emoji: Option<String>,
}

/// One's own message has got further.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the JSON")]
pub(crate) struct State {
    pub(crate) id: String,
    pub(crate) conversation: Option<String>,
    pub(crate) with: Option<String>,
    pub(crate) number: Option<u64>,
    pub(crate) state: &'static str,
    pub(crate) reason: Option<String>,
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

/// Something is wrong that a person should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Warning {
    pub(crate) kind: String,
    pub(crate) conversation: Option<String>,
    pub(crate) with: Option<String>,
    pub(crate) text: String,
    pub(crate) detail: serde_json::Value,
}

impl From<&Summary> for Conversation {
    fn from(summary: &Summary) -> Self {
        Self {
            conversation: summary.conversation.to_string(),
            with: summary.with.handle.to_string(),
            account: clean::line(summary.with.account.as_str()),
            consent: contact_state(summary.consent).to_owned(),
            request: summary.request,
            unread: summary.unread,
            last_message: summary.last_message,
            last_time: time::rfc3339(summary.last_time),
            preview: clean::line(&html::text(&summary.preview)),
            waiting_for: summary.waiting.as_deref().map(clean::line),
        }
    }
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

/// With whom a conversation is, and whether it is a request: what a message does not say of itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    pub(crate) with: Option<Handle>,
    pub(crate) request: bool,
}

impl Message {
    pub(crate) fn new(message: &CoreMessage, place: &Place) -> Self {
        let (kind, text) = match &message.body {
            Body::Html(html) => ("text", html::text(html)),
            Body::Deleted => ("deleted", String::new()),
            Body::Unsupported(name) => ("unsupported", clean::line(name)),
            Body::Unreadable(reason) => ("unreadable", clean::line(reason)),
        };
        let (state, reason) = message_state(&message.state);
        Self {
            reference: reference(place.with.as_ref(), message.conversation, message.number, &message.id),
            id: message.id.to_string(),
            conversation: message.conversation.map(|id| id.to_string()),
            with: place.with.as_ref().map(ToString::to_string),
            number: message.number,
            from: message.sender.to_string(),
            own: message.own,
            time: time::rfc3339(message.time),
            kind,
            text,
            in_reply_to: message.in_reply_to.as_ref().map(ToString::to_string),
            edited: message.edited,
            reactions: message.reactions.iter().map(Reaction::from).collect(),
            state,
            reason,
            request: place.request,
        }
    }
}

impl From<&infrasound_core::message::Reaction> for Reaction {
    fn from(reaction: &infrasound_core::message::Reaction) -> Self {
        Self { from: reaction.sender.to_string(), emoji: reaction.emoji.as_deref().map(clean::line) }
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
            with: place.with.as_ref().map(ToString::to_string),
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

/// `@bob@host/12`, or with the id while there is no number.
fn reference(
    with: Option<&Handle>,
    conversation: Option<ConversationId>,
    number: Option<u64>,
    id: &ObjectId,
) -> String {
    let place = match (with, conversation) {
        (Some(with), _) => with.to_string(),
        (None, Some(conversation)) => conversation.to_string(),
        (None, None) => return id.to_string(),
    };
    number.map_or_else(|| format!("{place}/{id}"), |number| format!("{place}/{number}"))
}

/// The word for a state, and the reason that goes with it.
pub(crate) fn message_state(state: &MessageState) -> (&'static str, Option<String>) {
    match state {
        MessageState::Pending(reason) => ("queued", reason.as_deref().map(clean::line)),
        MessageState::Sent => ("sent", None),
        MessageState::Delivered => ("delivered", None),
        MessageState::Read => ("read", None),
        MessageState::Failed(reason) => ("failed", Some(clean::line(reason))),
        MessageState::Received => ("received", None),
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

impl Activity {
    /// What somebody did, if it is something that a person wants to hear of.
    pub(crate) fn new(
        act: &infrasound_spec::content::Act,
        conversation: ConversationId,
        number: u64,
        sender: &Handle,
        own: bool,
        at: Timestamp,
        place: &Place,
    ) -> Option<Self> {
        use infrasound_spec::content::Act;
        let (name, object, emoji, text) = match act {
            Act::React { object, emoji } => ("react", Some(object), emoji.as_deref().map(clean::line), None),
            Act::Update { object, html } => ("edit", Some(object), None, Some(html::text(html))),
            Act::Delete { object } => ("delete", Some(object), None, None),
            Act::Undo { object } => ("undo", Some(object), None, None),
            Act::Unknown { name, .. } => ("unknown", None, None, Some(clean::line(name))),
            // These arrive as messages and as states of messages.
            Act::Create(_) | Act::Delivered { .. } | Act::Read { .. } => return None,
        };
        Some(Self {
            act: name,
            conversation: conversation.to_string(),
            with: place.with.as_ref().map(ToString::to_string),
            number,
            from: sender.to_string(),
            own,
            time: time::rfc3339(at),
            object: object.map(ToString::to_string),
            emoji,
            text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: Body) -> CoreMessage {
        CoreMessage {
            id: "urn:uuid:1".parse().unwrap(),
            conversation: Some(ConversationId::from_bytes([0; 32])),
            number: Some(12),
            sender: "@bob@b.example".parse().unwrap(),
            own: false,
            time: Timestamp::from_secs(0),
            body,
            in_reply_to: None,
            edited: false,
            reactions: Vec::new(),
            state: MessageState::Received,
        }
    }

    /// The promise of `JSON.md`: a change here is a change of what scripts rely on.
    #[test]
    fn the_shape_of_a_message_is_kept() {
        let place = Place { with: Some("@bob@b.example".parse().unwrap()), request: true };
        let line =
            Line::Message(Message::new(&message(Body::Html("<p>hi &amp; bye</p>".to_owned())), &place));
        assert_eq!(
            serde_json::to_string(&line).unwrap(),
            concat!(
                r#"{"type":"message","ref":"@bob@b.example/12","id":"urn:uuid:1","#,
                r#""conversation":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","with":"@bob@b.example","number":12,"#,
                r#""from":"@bob@b.example","own":false,"time":"1970-01-01T00:00:00.000Z","kind":"text","#,
                r#""text":"hi & bye","in_reply_to":null,"edited":false,"reactions":[],"state":"received","#,
                r#""reason":null,"request":true}"#
            )
        );
    }

    #[test]
    fn a_message_without_a_number_is_referred_to_by_its_id() {
        let mut pending = message(Body::Deleted);
        pending.number = None;
        let place = Place { with: Some("@bob@b.example".parse().unwrap()), request: false };
        assert_eq!(Message::new(&pending, &place).reference, "@bob@b.example/urn:uuid:1");
    }

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
        let documented = include_str!("../JSON.md");
        let source = include_str!("line.rs");
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
