//! What somebody did to a message.

use infrasound_spec::{account::Handle, content::Act, conversation::ConversationId, time::Timestamp};
use serde::Serialize;

use super::Place;
use crate::{clean, html, time};

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

impl Activity {
    /// What somebody did, if it is something that a person wants to hear of.
    pub(crate) fn new(
        act: &Act,
        conversation: ConversationId,
        number: u64,
        sender: &Handle,
        own: bool,
        at: Timestamp,
        place: &Place,
    ) -> Option<Self> {
        let (name, object, emoji, text) = match act {
            Act::React { object, emoji } => ("react", Some(object), emoji.as_deref().map(clean::line), None),
            Act::Update { object, html } => ("edit", Some(object), None, Some(html::text(html))),
            Act::Delete { object } => ("delete", Some(object), None, None),
            Act::Unreact { object, emoji } => {
                ("unreact", Some(object), emoji.as_deref().map(clean::line), None)
            }
            Act::Undo { object } => ("undo", Some(object), None, None),
            Act::Unknown { name, .. } => ("unknown", None, None, Some(clean::line(name))),
            // These arrive as messages and as states of messages.
            Act::Create(_) | Act::Group(_) | Act::Delivered { .. } | Act::Read { .. } => return None,
        };
        Some(Self {
            act: name,
            conversation: conversation.to_string(),
            with: place.with.clone(),
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
