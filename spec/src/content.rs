//! The content of a message: an ActivityStreams 2.0 activity in JSON, in the profile of "MLS in ActivityPub".
//!
//! `attributedTo` and `actor` inside are ignored: the sender is the MLS leaf. What this version does not know is kept
//! and shown as such.
//!
//! Spec: `content.md`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    blob::BlobRef,
    bytes,
    limits::{MAX_ATTACHMENTS, MAX_FILE_NAME, MAX_MEDIA_TYPE, MAX_THUMBNAIL},
};

const CONTEXT: &str = "https://www.w3.org/ns/activitystreams";

/// The member of a `Document` that holds our reference to its bytes.
const BLOB: &str = "urn:infrasound:blob";
/// The member that holds a small picture of it.
const THUMBNAIL: &str = "urn:infrasound:thumbnail";
/// What a file is that does not say so.
const ANY_BYTES: &str = "application/octet-stream";

/// The longest id that is accepted, in bytes.
pub const MAX_ID: usize = 256;
/// The longest reaction, in bytes.
pub const MAX_REACTION: usize = 64;
/// The longest name of a group, in bytes.
pub const MAX_GROUP_NAME: usize = 256;
/// The longest description of a group, in bytes.
pub const MAX_GROUP_SUMMARY: usize = 4_096;
/// How deep the JSON of an activity may nest.
pub const MAX_DEPTH: usize = 32;

/// The id of an activity or object inside a conversation: a URI that is not fetchable, `urn:uuid:…` when it is ours.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ObjectId(String);

impl ObjectId {
    /// A `urn:uuid:` (RFC 9562 version 4) from 16 random bytes.
    pub fn from_random(mut bytes: [u8; 16]) -> Self {
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let hex = format!("{:032x}", u128::from_be_bytes(bytes));
        Self(format!(
            "urn:uuid:{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        ))
    }

    /// Borrows the URI.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ObjectId {
    type Err = ContentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = !text.is_empty()
            && text.len() <= MAX_ID
            && text.contains(':')
            && text.bytes().all(|byte| byte.is_ascii_graphic())
            && !text.to_ascii_lowercase().starts_with("http");
        if fits { Ok(Self(text.to_owned())) } else { Err(ContentError::Id) }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectId({})", self.0)
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What somebody wrote: HTML, which is sanitised where it is displayed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Note {
    /// The id of the note: what replies, reactions, edits and deletions name.
    pub id: ObjectId,
    /// HTML, not to be trusted.
    pub html: String,
    /// The note that this one answers.
    pub in_reply_to: Option<ObjectId>,
    /// The files that come with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// A file that comes with a note: what its sender says of it, not to be trusted, and where its bytes are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attachment {
    /// What kind of file it is.
    pub media_type: String,
    /// What it is called; a program that stores it under this name cleans it first.
    pub name: String,
    /// A picture's width in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// A picture's height in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// What is seen of a picture before it is fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<Thumbnail>,
    /// Its bytes; `None` if they are where this version cannot fetch them.
    pub blob: Option<BlobRef>,
}

/// A picture of at most [`MAX_THUMBNAIL`] bytes. What is in them a display looks at before it shows them.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Thumbnail(bytes::Base64Url);

impl Thumbnail {
    /// Takes the bytes, if they are not too many.
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        (1..=MAX_THUMBNAIL).contains(&bytes.len()).then_some(Self(bytes::Base64Url(bytes)))
    }
}

impl fmt::Debug for Thumbnail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbnail({} bytes)", self.0.as_slice().len())
    }
}

impl FromStr for Thumbnail {
    type Err = ContentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = bytes::decode_bounded(text, MAX_THUMBNAIL).and_then(Self::from_bytes);
        bytes.ok_or(ContentError::Attachment)
    }
}

impl<'de> Deserialize<'de> for Thumbnail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What a group is called, for its members to see.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct GroupMetadata {
    /// Its name: plain text of at most [`MAX_GROUP_NAME`] bytes, not empty.
    pub name: String,
    /// What it is about: plain text of at most [`MAX_GROUP_SUMMARY`] bytes.
    pub summary: String,
    /// Its picture.
    #[serde(default)]
    pub picture: Option<Attachment>,
}

/// One activity.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Activity {
    /// The id of the activity itself: what `Undo` names.
    pub id: ObjectId,
    /// What is done.
    pub act: Act,
}

/// What an activity does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Act {
    /// `Create` of a `Note`.
    Create(Note),
    /// `Update` of a note by the one who created it: its new HTML.
    Update {
        /// The note.
        object: ObjectId,
        /// Its new HTML.
        html: String,
    },
    /// `Delete` of a note by the one who created it.
    Delete {
        /// The note.
        object: ObjectId,
    },
    /// `Like` (no emoji) or `EmojiReact` (FEP-c0e0).
    React {
        /// The note.
        object: ObjectId,
        /// The emoji; `None` is a like.
        emoji: Option<String>,
    },
    /// `Undo` of a `Like` or an `EmojiReact` of the same sender.
    Unreact {
        /// The note.
        object: ObjectId,
        /// The emoji; `None` is a like.
        emoji: Option<String>,
    },
    /// `Undo` of something that is named by its id alone. Nothing is taken back by it.
    Undo {
        /// The activity.
        object: ObjectId,
    },
    /// `Acknowledge`: this note and everything before it has reached the sender's device.
    Delivered {
        /// The last note.
        object: ObjectId,
        /// Its number in the log.
        up_to: u64,
    },
    /// `Read`: this note and everything before it has been read.
    Read {
        /// The last note.
        object: ObjectId,
        /// Its number in the log.
        up_to: u64,
    },
    /// `Update` of a `Group`: the group's metadata, for who may change it or for who has none yet.
    Group(GroupMetadata),
    /// Something that this version does not know: kept, and shown as such.
    Unknown {
        /// Its `type`.
        name: String,
        /// The whole activity.
        json: String,
    },
}

/// Why bytes are not an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// Not JSON, not an object, without a `type`, or nested too deep.
    #[error("the content is not an ActivityStreams activity")]
    NotAnActivity,
    /// An id is missing, too long, or fetchable.
    #[error("the content has no usable id")]
    Id,
    /// There are too many attachments, or one's reference, name or media type is not as it must be.
    #[error("an attachment is not as it must be")]
    Attachment,
    /// A known activity lacks what it needs.
    #[error("the activity is incomplete")]
    Incomplete,
}

impl Activity {
    /// Writes the JSON.
    pub fn encode(&self) -> Vec<u8> {
        let value = match &self.act {
            Act::Create(note) => self.with("Create", note_json(note)),
            Act::Update { object, html } => {
                self.with("Update", json!({ "type": "Note", "id": object, "content": html }))
            }
            Act::Delete { object } => self.with("Delete", json!({ "type": "Tombstone", "id": object })),
            Act::React { object, emoji } => {
                reaction(json!({ "@context": CONTEXT, "id": self.id }), object, emoji.as_deref())
            }
            Act::Unreact { object, emoji } => {
                self.with("Undo", reaction(json!({}), object, emoji.as_deref()))
            }
            Act::Undo { object } => self.with("Undo", object),
            Act::Group(metadata) => self.with("Update", group_json(metadata)),
            Act::Delivered { object, up_to } => self.receipt("Acknowledge", object, *up_to),
            Act::Read { object, up_to } => self.receipt("Read", object, *up_to),
            Act::Unknown { json, .. } => return json.clone().into_bytes(),
        };
        value.to_string().into_bytes()
    }

    fn with(&self, name: &str, object: impl Serialize) -> Value {
        json!({ "@context": CONTEXT, "type": name, "id": self.id, "object": object })
    }

    /// `upTo` is ours: the number of the note's entry, so that nobody has to look the note up.
    fn receipt(&self, name: &str, object: &ObjectId, up_to: u64) -> Value {
        let mut value = self.with(name, object);
        value["upTo"] = json!(up_to);
        value
    }

    /// Reads the JSON. An activity of an unknown type is not an error.
    pub fn decode(bytes: &[u8]) -> Result<Self, ContentError> {
        let text = std::str::from_utf8(bytes).map_err(|_| ContentError::NotAnActivity)?;
        let value: Value = serde_json::from_str(text).map_err(|_| ContentError::NotAnActivity)?;
        if depth(&value) > MAX_DEPTH {
            return Err(ContentError::NotAnActivity);
        }
        let object = value.as_object().ok_or(ContentError::NotAnActivity)?;
        let name = type_of(object).ok_or(ContentError::NotAnActivity)?;
        if name == "Note" {
            // Seen in the field: a bare Note at the top level. It stands for its Create.
            let note = note(object)?;
            return Ok(Self { id: note.id.clone(), act: Act::Create(note) });
        }
        let id = object_id(object.get("id")).ok_or(ContentError::Id)?;
        Ok(Self { id, act: act(name, object, text)? })
    }
}

fn act(name: &str, activity: &Map<String, Value>, text: &str) -> Result<Act, ContentError> {
    let target = activity.get("object").ok_or(ContentError::Incomplete);
    let target_id = || target.and_then(|object| object_id(Some(object)).ok_or(ContentError::Incomplete));
    Ok(match name {
        "Create" => match target?.as_object() {
            Some(object) if type_of(object) == Some("Note") => Act::Create(note(object)?),
            _ => unknown("Create", text),
        },
        "Update" => match (target?.as_object(), target?.get("content").and_then(Value::as_str)) {
            (Some(object), _) if type_of(object) == Some("Group") => Act::Group(group(object)?),
            (_, Some(html)) => Act::Update { object: target_id()?, html: html.to_owned() },
            (_, None) => unknown("Update", text),
        },
        "Delete" => Act::Delete { object: target_id()? },
        "Like" | "EmojiReact" => Act::React { object: target_id()?, emoji: emoji(name, activity)? },
        "Undo" => match target?.as_object().and_then(|undone| Some((type_of(undone)?, undone))) {
            Some((name @ ("Like" | "EmojiReact"), undone)) if undone.contains_key("object") => Act::Unreact {
                object: object_id(undone.get("object")).ok_or(ContentError::Incomplete)?,
                emoji: emoji(name, undone)?,
            },
            _ => Act::Undo { object: target_id()? },
        },
        "Acknowledge" => match up_to(activity) {
            Some(up_to) => Act::Delivered { object: target_id()?, up_to },
            None => unknown(name, text),
        },
        "Read" => match up_to(activity) {
            Some(up_to) => Act::Read { object: target_id()?, up_to },
            None => unknown(name, text),
        },
        name => unknown(name, text),
    })
}

/// With what somebody reacts; a `Like` has no emoji.
fn emoji(name: &str, reaction: &Map<String, Value>) -> Result<Option<String>, ContentError> {
    if name == "Like" {
        return Ok(None);
    }
    let emoji = reaction.get("content").and_then(Value::as_str);
    let fits = |emoji: &&str| (1..=MAX_REACTION).contains(&emoji.len());
    emoji.filter(fits).map(|emoji| Some(emoji.to_owned())).ok_or(ContentError::Incomplete)
}

fn reaction(mut value: Value, object: &ObjectId, emoji: Option<&str>) -> Value {
    value["type"] = json!(if emoji.is_some() { "EmojiReact" } else { "Like" });
    value["object"] = json!(object);
    if let Some(emoji) = emoji {
        value["content"] = json!(emoji);
    }
    value
}

fn up_to(activity: &Map<String, Value>) -> Option<u64> {
    activity.get("upTo")?.as_u64()
}

fn unknown(name: &str, text: &str) -> Act {
    Act::Unknown { name: name.to_owned(), json: text.to_owned() }
}

fn group_json(metadata: &GroupMetadata) -> Value {
    let mut value = json!({ "type": "Group", "name": metadata.name, "summary": metadata.summary });
    if let Some(picture) = &metadata.picture {
        value["icon"] = attachment_json(picture);
    }
    value
}

fn group(object: &Map<String, Value>) -> Result<GroupMetadata, ContentError> {
    let text = |member: &str| object.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let picture = object.get("icon").filter(|icon| !icon.is_null()).map(attachment).transpose()?;
    let metadata = GroupMetadata { name: text("name"), summary: text("summary"), picture };
    if metadata.is_valid() { Ok(metadata) } else { Err(ContentError::Incomplete) }
}

impl GroupMetadata {
    /// Whether name and description are of a length that is allowed.
    pub fn is_valid(&self) -> bool {
        !self.name.trim().is_empty()
            && self.name.len() <= MAX_GROUP_NAME
            && self.summary.len() <= MAX_GROUP_SUMMARY
    }
}

fn note_json(note: &Note) -> Value {
    let mut value = json!({ "type": "Note", "id": note.id, "content": note.html });
    if let Some(parent) = &note.in_reply_to {
        value["inReplyTo"] = json!(parent);
    }
    if !note.attachments.is_empty() {
        value["attachment"] = note.attachments.iter().map(attachment_json).collect();
    }
    value
}

fn attachment_json(attachment: &Attachment) -> Value {
    let Attachment { media_type, name, width, height, thumbnail, blob } = attachment;
    let mut value = json!({ "type": "Document", "mediaType": media_type, "name": name });
    for (member, pixels) in [("width", width), ("height", height)] {
        if let Some(pixels) = pixels {
            value[member] = json!(pixels);
        }
    }
    if let Some(thumbnail) = thumbnail {
        value[THUMBNAIL] = json!(thumbnail);
    }
    if let Some(blob) = blob {
        value[BLOB] = json!(blob);
    }
    value
}

fn note(object: &Map<String, Value>) -> Result<Note, ContentError> {
    let html = object.get("content").and_then(Value::as_str).ok_or(ContentError::Incomplete)?;
    Ok(Note {
        id: object_id(object.get("id")).ok_or(ContentError::Id)?,
        html: html.to_owned(),
        in_reply_to: object_id(object.get("inReplyTo")),
        attachments: attachments(object.get("attachment"))?,
    })
}

/// One attachment, or a list of them.
fn attachments(value: Option<&Value>) -> Result<Vec<Attachment>, ContentError> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) if items.len() > MAX_ATTACHMENTS => Err(ContentError::Attachment),
        Some(Value::Array(items)) => items.iter().map(attachment).collect(),
        Some(item) => Ok(vec![attachment(item)?]),
    }
}

/// What another software attaches may be anything; what names a blob of ours is right or is refused.
fn attachment(value: &Value) -> Result<Attachment, ContentError> {
    let text = |member, limit, otherwise: &str| match value.get(member).and_then(Value::as_str) {
        Some(text) if text.len() > limit => Err(ContentError::Attachment),
        text => Ok(text.unwrap_or(otherwise).to_owned()),
    };
    let pixels = |member| value.get(member).and_then(Value::as_u64).and_then(|pixels| pixels.try_into().ok());
    let blob = value.get(BLOB).map(BlobRef::deserialize).transpose();
    Ok(Attachment {
        media_type: text("mediaType", MAX_MEDIA_TYPE, ANY_BYTES)?,
        name: text("name", MAX_FILE_NAME, "")?,
        width: pixels("width"),
        height: pixels("height"),
        // It is an ornament: without it, the file is the same.
        thumbnail: value.get(THUMBNAIL).and_then(Value::as_str).and_then(|text| text.parse().ok()),
        blob: blob.map_err(|_| ContentError::Attachment)?,
    })
}

/// The id in `"id"`, or in `{"id": "id"}`.
fn object_id(value: Option<&Value>) -> Option<ObjectId> {
    match value? {
        Value::String(text) => text.parse().ok(),
        Value::Object(object) => object.get("id")?.as_str()?.parse().ok(),
        _ => None,
    }
}

/// The `type`: a string, or the last of several (`["Object", "Note"]`).
fn type_of(object: &Map<String, Value>) -> Option<&str> {
    match object.get("type")? {
        Value::String(name) => Some(name),
        Value::Array(names) => names.last()?.as_str(),
        _ => None,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// What a person typed, as the HTML of a note: escaped, with line breaks kept.
pub fn html_from_text(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 7);
    html.push_str("<p>");
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\n' => html.push_str("<br>"),
            '\r' => {}
            c => html.push(c),
        }
    }
    html.push_str("</p>");
    html
}
