//! A message as the app sees it: a note with everything that was done to it since.

use infrasound_spec::{
    account::Handle,
    blob::BlobId,
    content::{Attachment, GroupMetadata, ObjectId},
    conversation::ConversationId,
    policy::Role,
    time::Timestamp,
};

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id: what replies, reactions, edits and deletions name.
    pub id: ObjectId,
    /// Where it is; `None` while the conversation does not exist yet.
    pub conversation: Option<ConversationId>,
    /// Its number in the log; `None` while it is on its way.
    pub number: Option<u64>,
    /// Who wrote it: the endorsed owner of the MLS leaf, nothing else.
    pub sender: Handle,
    /// Whether it was this account.
    pub own: bool,
    /// When the hub accepted it; while it is on its way, when it was written.
    pub time: Timestamp,
    /// What it says.
    pub body: Body,
    /// The message that it answers.
    pub in_reply_to: Option<ObjectId>,
    /// The files that came with it.
    pub attachments: Vec<Attachment>,
    /// Whether its author changed it.
    pub edited: bool,
    /// Reactions: who, and with what (`None` is a like).
    pub reactions: Vec<Reaction>,
    /// How far it is.
    pub state: MessageState,
}

impl Message {
    /// The blobs of its files.
    pub fn blobs(&self) -> Vec<BlobId> {
        self.attachments.iter().filter_map(|file| Some(file.blob.as_ref()?.id)).collect()
    }
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// HTML from the sender: to be sanitised where it is displayed.
    Html(String),
    /// The author deleted it.
    Deleted,
    /// Something that this version does not know: its type.
    Unsupported(String),
    /// It could not be read; the warning says why.
    Unreadable(String),
    /// What the sender changed of the group.
    Changes(Vec<GroupChange>),
}

/// Something that changed in a group: a line in its history.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "there are few at a time, and most of one is on the heap anyway"
)]
pub enum GroupChange {
    /// The group begins here for this device.
    Began,
    /// Somebody was let in.
    Added(Vec<Handle>),
    /// Somebody was taken out.
    Removed(Vec<Handle>),
    /// Somebody left.
    Left(Vec<Handle>),
    /// The sender came in by a link.
    Joined,
    /// Somebody started over, has another key, and was let in again.
    Renewed(Vec<Handle>),
    /// Somebody has another role.
    Role(Handle, Role),
    /// Who may do what has changed.
    Settings,
    /// Somebody may not come in any more, or may again.
    Bans,
    /// Links were made or revoked.
    Links,
    /// The group was closed.
    Closed,
    /// The group was opened again.
    Opened,
    /// The group is called otherwise.
    Described(GroupMetadata),
    /// This device came back and has missed what was said in between.
    Missed,
}

/// A reaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// Who.
    pub sender: Handle,
    /// With what; `None` is a like.
    pub emoji: Option<String>,
}

/// How far a message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageState {
    /// Stored on this device; it goes when it can. With what it waits for, if that is more than the network.
    Pending(Option<String>),
    /// In the hub's log.
    Sent,
    /// On a device of the other.
    Delivered,
    /// Seen by the other.
    Read,
    /// It did not go, and why. Sending it again is up to the person.
    Failed(String),
    /// Somebody else's.
    Received,
}
