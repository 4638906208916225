//! A message, and how far one is.

use infrasound_core::message::{Body, Message as CoreMessage, MessageState};
use infrasound_spec::{
    content::{Attachment, ObjectId},
    conversation::ConversationId,
};
use serde::Serialize;

use super::Change;
use crate::{clean, html, time};

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the fields are those of the JSON")]
pub(crate) struct Message {
    /// What `reply`, `react`, `unreact`, `edit`, `delete`, `resend` and `discard` take.
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
    pub(crate) attachments: Vec<File>,
    pub(crate) edited: bool,
    pub(crate) reactions: Vec<Reaction>,
    pub(crate) state: &'static str,
    pub(crate) reason: Option<String>,
    /// Whether it is from somebody who has not been accepted.
    pub(crate) request: bool,
    pub(crate) in_group: bool,
    /// What was changed of the group; `text` has a sentence for each.
    pub(crate) changes: Vec<Change>,
}

/// A file that came with a message. How to open it is nobody's business here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) media_type: String,
    /// Its length; `None` if it is where this version cannot fetch it.
    pub(crate) size: Option<u64>,
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
}

impl From<&Attachment> for File {
    fn from(attachment: &Attachment) -> Self {
        Self {
            name: clean::line(&attachment.name),
            media_type: clean::line(&attachment.media_type),
            size: attachment.blob.as_ref().map(|blob| blob.size),
            width: attachment.width,
            height: attachment.height,
        }
    }
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

/// With whom a conversation is, and whether it is a request: what a message does not say of itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    /// What stands for it: a handle, `#NAME`, or its id.
    pub(crate) with: Option<String>,
    pub(crate) request: bool,
    pub(crate) in_group: bool,
}

impl Message {
    pub(crate) fn new(message: &CoreMessage, place: &Place) -> Self {
        let changes = match &message.body {
            Body::Changes(changes) => Change::all(changes, &message.sender, message.own),
            _ => Vec::new(),
        };
        let (kind, text) = match &message.body {
            Body::Changes(_) => ("changes", Change::sentences(&changes)),
            Body::Html(html) => ("text", html::text(html)),
            Body::Deleted => ("deleted", String::new()),
            Body::Unsupported(name) => ("unsupported", clean::line(name)),
            Body::Unreadable(reason) => ("unreadable", clean::line(reason)),
        };
        let (state, reason) = message_state(&message.state);
        Self {
            reference: reference(place.with.as_deref(), message.conversation, message.number, &message.id),
            id: message.id.to_string(),
            conversation: message.conversation.map(|id| id.to_string()),
            with: place.with.clone(),
            number: message.number,
            from: message.sender.to_string(),
            own: message.own,
            time: time::rfc3339(message.time),
            kind,
            text,
            in_reply_to: message.in_reply_to.as_ref().map(ToString::to_string),
            attachments: message.attachments.iter().map(File::from).collect(),
            edited: message.edited,
            reactions: message.reactions.iter().map(Reaction::from).collect(),
            state,
            reason,
            request: place.request,
            in_group: place.in_group,
            changes,
        }
    }
}

impl From<&infrasound_core::message::Reaction> for Reaction {
    fn from(reaction: &infrasound_core::message::Reaction) -> Self {
        Self { from: reaction.sender.to_string(), emoji: reaction.emoji.as_deref().map(clean::line) }
    }
}

/// `@bob@host/12`, `#Herd/12`, or with the id while there is no number.
fn reference(
    with: Option<&str>,
    conversation: Option<ConversationId>,
    number: Option<u64>,
    id: &ObjectId,
) -> String {
    let place = match (with, conversation) {
        (Some(with), _) => with.to_owned(),
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

#[cfg(test)]
mod tests {
    use infrasound_spec::{
        blob::{BlobDigest, BlobId, BlobKey, BlobRef},
        time::Timestamp,
    };

    use super::*;
    use crate::line::Line;

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
            attachments: vec![attachment()],
            edited: false,
            reactions: Vec::new(),
            state: MessageState::Received,
        }
    }

    fn attachment() -> Attachment {
        let blob = BlobRef {
            id: BlobId::from_bytes([1; 32]),
            key: BlobKey::from_bytes([2; 32]),
            size: 300,
            digest: BlobDigest::from_bytes([3; 32]),
        };
        let (name, media_type) = ("a\u{202e}.png".to_owned(), "image/png".to_owned());
        Attachment { media_type, name, width: Some(4), height: None, thumbnail: None, blob: Some(blob) }
    }

    /// The promise of `JSON.md`: a change here is a change of what scripts rely on.
    #[test]
    fn the_shape_of_a_message_is_kept() {
        let place = Place { with: Some("@bob@b.example".to_owned()), request: true, in_group: false };
        let line =
            Line::Message(Message::new(&message(Body::Html("<p>hi &amp; bye</p>".to_owned())), &place));
        assert_eq!(
            serde_json::to_string(&line).unwrap(),
            concat!(
                r#"{"type":"message","ref":"@bob@b.example/12","id":"urn:uuid:1","#,
                r#""conversation":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","with":"@bob@b.example","number":12,"#,
                r#""from":"@bob@b.example","own":false,"time":"1970-01-01T00:00:00.000Z","kind":"text","#,
                r#""text":"hi & bye","in_reply_to":null,"attachments":[{"name":"a.png","media_type":"image/png","#,
                r#""size":300,"width":4,"height":null}],"edited":false,"reactions":[],"state":"received","#,
                r#""reason":null,"request":true,"in_group":false,"changes":[]}"#
            )
        );
    }

    #[test]
    fn a_message_without_a_number_is_referred_to_by_its_id() {
        let mut pending = message(Body::Deleted);
        pending.number = None;
        let place = Place { with: Some("@bob@b.example".to_owned()), ..Place::default() };
        assert_eq!(Message::new(&pending, &place).reference, "@bob@b.example/urn:uuid:1");
    }
}
