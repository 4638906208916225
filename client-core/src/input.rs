//! What goes into the core: a person's wishes, answers to requests, the stream, loaded records, the passing of time.

use infrasound_spec::{
    account::{AccountUri, DeviceId, Handle},
    api::push::PushSubscription,
    blob::BlobId,
    consent::{ContactState, RequestPolicy},
    content::{Attachment, GroupMetadata, ObjectId},
    conversation::ConversationId,
    link::LinkUri,
    policy::{LinkKey, Role},
};

use crate::{
    group_link::GroupLink,
    intent::Settings,
    journal::{Scope, SealedRecord},
    output::RequestId,
};

/// A name that the app gives to a wish, so that it recognises the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WishId(pub u64);

/// One thing that happened outside.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one lives for a moment, on its way from the host")]
pub enum Input {
    /// A person wants something. It ends as [`crate::event::Event::WishDone`] or `WishFailed`, or goes on as an intent.
    Wish(WishId, Wish),
    /// The relay answered a request.
    Response(RequestId, HttpResponse),
    /// A request did not get an answer.
    Unreachable(RequestId, TransportError),
    /// The event stream is open.
    StreamOpened,
    /// The stream brought an event: the JSON in its `data`.
    StreamEvent(String),
    /// The stream ended. The host opens it again when it is told to.
    StreamClosed(TransportError),
    /// The records of a scope, all of them, in any order.
    Loaded(Scope, Vec<SealedRecord>),
    /// The time that was asked for by `WakeAt` has come. Early or superfluous ones do no harm.
    Wake,
}

/// What a person wants.
#[derive(Clone, Debug)]
pub enum Wish {
    /// Write to somebody. Answered at once with the message's id; the message goes when it can.
    Send {
        /// To whom.
        to: Handle,
        /// Plain text.
        text: String,
        /// The message that this one answers.
        in_reply_to: Option<ObjectId>,
        /// Files. The sealed bytes of each are in the host's spool, durably, before the wish is given.
        attachments: Vec<Attachment>,
    },
    /// Some of the sealed bytes of a blob.
    FetchBlob {
        /// Which.
        blob: BlobId,
        /// From where.
        offset: u64,
        /// How many, at most [`crate::output::MAX_RESPONSE`].
        length: u64,
    },
    /// React to a message; no emoji is a like.
    React {
        /// Where.
        conversation: ConversationId,
        /// To which message.
        object: ObjectId,
        /// With what.
        emoji: Option<String>,
    },
    /// Take one's own reaction back.
    Unreact {
        /// Where.
        conversation: ConversationId,
        /// Of which message.
        object: ObjectId,
        /// The emoji that it has; none is a like.
        emoji: Option<String>,
    },
    /// Change one's own message.
    Edit {
        /// Where.
        conversation: ConversationId,
        /// Which message.
        object: ObjectId,
        /// The new text.
        text: String,
    },
    /// Delete one's own message for everybody.
    Delete {
        /// Where.
        conversation: ConversationId,
        /// Which message.
        object: ObjectId,
        /// The blobs of its files: the relay gives them to nobody any more, once the deletion stands.
        blobs: Vec<BlobId>,
    },
    /// Send one's own message again, which has failed: under the same id.
    SendAgain {
        /// Which message.
        object: ObjectId,
    },
    /// Let go of one's own message, which has failed.
    Discard {
        /// Which message.
        object: ObjectId,
    },
    /// All messages up to this number have been seen by the person.
    MarkRead {
        /// Where.
        conversation: ConversationId,
        /// Up to which number.
        up_to: u64,
    },
    /// Accept, ignore, block or (with `None`) forget somebody. Accepting also confirms a changed account key.
    SetContact {
        /// Whom.
        who: Handle,
        /// What is said of them.
        state: ContactState,
    },
    /// Who may ask.
    SetPolicy(RequestPolicy),
    /// How the relay wakes this device; `None`: not at all. To be said again at each start.
    SetPush(Option<Box<PushSubscription>>),
    /// Messages of a conversation, newest last.
    Messages {
        /// Where.
        conversation: ConversationId,
        /// Only those with a smaller number; `None` for the newest.
        before: Option<u64>,
        /// How many at the most.
        limit: usize,
    },
    /// The safety number with somebody.
    SafetyNumber {
        /// With whom.
        who: Handle,
    },
    /// The account's devices.
    Devices,
    /// Something about groups.
    Group(GroupWish),
    /// Show no notice of a conversation, or do.
    Mute {
        /// Which.
        conversation: ConversationId,
        /// Whether.
        muted: bool,
    },
    /// Put a conversation away, or take it out again.
    Archive {
        /// Which.
        conversation: ConversationId,
        /// Whether.
        archived: bool,
    },
    /// The person is typing: others see it for a few seconds, if they are there.
    Typing {
        /// Where.
        conversation: ConversationId,
    },
    /// Give a device of the account another name.
    RenameDevice {
        /// Which.
        device: DeviceId,
        /// The name that a person recognises.
        name: String,
    },
    /// Take a device away from the account, for good.
    RevokeDevice {
        /// Which.
        device: DeviceId,
    },
    /// Link the new device that shows this, from here. `Event::LinkCompare` follows.
    JoinLink(LinkBy),
    /// The person says that both devices show the same number, or that the device on whose screen they read the URI is
    /// theirs.
    ConfirmLink,
    /// No device is to be linked after all.
    CancelLink,
    /// Renew this device's leaf: whoever had stolen its keys loses them.
    RenewLeaf {
        /// Where.
        conversation: ConversationId,
    },
}

/// What a person wants of groups.
///
/// Where it changes the group, it is answered at once with the wish's id, and ends as [`crate::event::Event::Changed`] or
/// `IntentFailed`.
#[derive(Clone, Debug)]
pub enum GroupWish {
    /// Make a group with these people in it.
    Create {
        /// What it is called.
        metadata: GroupMetadata,
        /// Who is invited.
        members: Vec<Handle>,
    },
    /// Write to it.
    Send {
        /// Which.
        conversation: ConversationId,
        /// Plain text.
        text: String,
        /// The message that this one answers.
        in_reply_to: Option<ObjectId>,
        /// Files, sealed into the spool.
        attachments: Vec<Attachment>,
    },
    /// See who is in it, and who may do what.
    View {
        /// Which.
        conversation: ConversationId,
    },
    /// Accept an invitation (`Accepted`), or put it away without telling (`Ignored`).
    Answer {
        /// Which.
        conversation: ConversationId,
        /// What.
        state: ContactState,
    },
    /// Let people in.
    Add {
        /// Which.
        conversation: ConversationId,
        /// Whom.
        who: Vec<Handle>,
    },
    /// Take people out.
    Remove {
        /// Which.
        conversation: ConversationId,
        /// Whom.
        who: Vec<Handle>,
        /// Whether they may not come back.
        ban: bool,
    },
    /// Let somebody off who was banned.
    Unban {
        /// Which.
        conversation: ConversationId,
        /// Whom.
        who: AccountUri,
    },
    /// Give a role.
    SetRole {
        /// Which.
        conversation: ConversationId,
        /// To whom.
        who: Handle,
        /// Which role.
        role: Role,
    },
    /// Set who may do what, or close the group.
    Set {
        /// Which.
        conversation: ConversationId,
        /// What.
        settings: Settings,
    },
    /// Call it otherwise.
    Describe {
        /// Which.
        conversation: ConversationId,
        /// How.
        metadata: GroupMetadata,
    },
    /// Make a join link. Answered with the link.
    MakeLink {
        /// Which.
        conversation: ConversationId,
        /// How long it is good, in milliseconds: 90 days at the most.
        lifetime: u64,
        /// How many may come in by it; 0 for any number.
        uses: u32,
    },
    /// A link is good no longer.
    RevokeLink {
        /// Which group.
        conversation: ConversationId,
        /// Which link.
        link: LinkKey,
    },
    /// Come in by a link, or ask to be let in, as the group has it. What becomes of it shows in the summary.
    Join {
        /// What stands after `#` in the link.
        link: GroupLink,
    },
    /// Who asks to be let in.
    Requests {
        /// Which.
        conversation: ConversationId,
    },
    /// Do not let somebody in who asks. To let them in, add them.
    Decline {
        /// Which.
        conversation: ConversationId,
        /// Whom.
        who: AccountUri,
    },
    /// Leave, or decline an invitation.
    Leave {
        /// Which.
        conversation: ConversationId,
    },
    /// Make the MLS group anew with whoever is in it: the last resort, for an owner.
    FoundAgain {
        /// Which.
        conversation: ConversationId,
    },
}

/// What a person brings from the new device to the old one.
#[derive(Clone, Debug)]
pub enum LinkBy {
    /// The code, typed.
    Code(String),
    /// The URI, scanned or pasted.
    Uri(LinkUri),
}

/// An answer of the relay.
#[derive(Clone)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// The body, at most [`crate::output::MAX_RESPONSE`] bytes; a longer one is a [`TransportError::TooLong`].
    pub body: Vec<u8>,
}

impl std::fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The body may hold a session's token.
        let Self { status, retry_after, body: _ } = self;
        f.debug_struct("HttpResponse")
            .field("status", status)
            .field("retry_after", retry_after)
            .finish_non_exhaustive()
    }
}

/// Why there was no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection, or it broke.
    #[error("the relay cannot be reached")]
    Unreachable,
    /// No answer in time.
    #[error("the relay did not answer in time")]
    TimedOut,
    /// The certificate or TLS does not hold.
    #[error("the connection to the relay is not secure")]
    Insecure,
    /// What was to be sent is not in the spool any more, or can't be read.
    #[error("the sealed file on this device is gone or cannot be read")]
    SpoolLost,
    /// The answer is longer than any that the relay gives.
    #[error("the relay's answer is too long")]
    TooLong,
}
