//! A message.

use infrasound_core::message::{self, GroupChange};
use infrasound_spec::{account::Handle, content::ObjectId, conversation::ConversationId, policy::Role};
use serde::Serialize;

use super::{attachment::Attachment, integer::Integer};

/// A message.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    id: ObjectId,
    conversation: Option<ConversationId>,
    number: Option<Integer>,
    sender: Handle,
    own: bool,
    time: Integer,
    body: Body,
    in_reply_to: Option<ObjectId>,
    attachments: Vec<Attachment>,
    edited: bool,
    reactions: Vec<Reaction>,
    state: MessageState,
}

/// What a message says.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum Body {
    Html {
        html: String,
    },
    Deleted,
    Unsupported {
        #[serde(rename = "type")]
        name: String,
    },
    Unreadable {
        reason: String,
    },
    Changes {
        changes: Vec<Change>,
    },
}

/// Something that changed in a group.
#[derive(Debug, Serialize)]
#[serde(tag = "change", rename_all = "camelCase")]
#[expect(clippy::large_enum_variant, reason = "one lives for a moment, on its way to the app")]
pub(crate) enum Change {
    Began,
    Added { who: Vec<Handle> },
    Removed { who: Vec<Handle> },
    Left { who: Vec<Handle> },
    Joined,
    Renewed { who: Vec<Handle> },
    Role { who: Handle, role: Role },
    Settings,
    Bans,
    Links,
    Closed,
    Opened,
    Described { name: String, description: String, picture: Option<Attachment> },
    Missed,
}

/// A reaction; no emoji is a like.
#[derive(Debug, Serialize)]
pub(crate) struct Reaction {
    sender: Handle,
    emoji: Option<String>,
}

/// How far a message is.
#[derive(Debug, Serialize)]
#[serde(tag = "step", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum MessageState {
    Pending { waiting_for: Option<String> },
    Sent,
    Delivered,
    Read,
    Failed { reason: String },
    Received,
}

impl From<message::Message> for Message {
    fn from(message: message::Message) -> Self {
        Self {
            id: message.id,
            conversation: message.conversation,
            number: message.number.map(Integer::from),
            sender: message.sender,
            own: message.own,
            time: message.time.into(),
            body: message.body.into(),
            in_reply_to: message.in_reply_to,
            attachments: message.attachments.into_iter().map(Attachment::from).collect(),
            edited: message.edited,
            reactions: message.reactions.into_iter().map(Reaction::from).collect(),
            state: message.state.into(),
        }
    }
}

impl From<message::Body> for Body {
    fn from(body: message::Body) -> Self {
        match body {
            message::Body::Html(html) => Self::Html { html },
            message::Body::Deleted => Self::Deleted,
            message::Body::Unsupported(name) => Self::Unsupported { name },
            message::Body::Unreadable(reason) => Self::Unreadable { reason },
            message::Body::Changes(changes) => {
                Self::Changes { changes: changes.into_iter().map(Change::from).collect() }
            }
        }
    }
}

impl From<GroupChange> for Change {
    fn from(change: GroupChange) -> Self {
        match change {
            GroupChange::Began => Self::Began,
            GroupChange::Added(who) => Self::Added { who },
            GroupChange::Removed(who) => Self::Removed { who },
            GroupChange::Left(who) => Self::Left { who },
            GroupChange::Joined => Self::Joined,
            GroupChange::Renewed(who) => Self::Renewed { who },
            GroupChange::Role(who, role) => Self::Role { who, role },
            GroupChange::Settings => Self::Settings,
            GroupChange::Bans => Self::Bans,
            GroupChange::Links => Self::Links,
            GroupChange::Closed => Self::Closed,
            GroupChange::Opened => Self::Opened,
            GroupChange::Described(metadata) => Self::Described {
                name: metadata.name,
                description: metadata.summary,
                picture: metadata.picture.map(Attachment::from),
            },
            GroupChange::Missed => Self::Missed,
        }
    }
}

impl From<message::Reaction> for Reaction {
    fn from(reaction: message::Reaction) -> Self {
        Self { sender: reaction.sender, emoji: reaction.emoji }
    }
}

impl From<message::MessageState> for MessageState {
    fn from(state: message::MessageState) -> Self {
        match state {
            message::MessageState::Pending(waiting_for) => Self::Pending { waiting_for },
            message::MessageState::Sent => Self::Sent,
            message::MessageState::Delivered => Self::Delivered,
            message::MessageState::Read => Self::Read,
            message::MessageState::Failed(reason) => Self::Failed { reason },
            message::MessageState::Received => Self::Received,
        }
    }
}
