//! What the app is told.

use infrasound_spec::{
    account::{AccountUri, Handle},
    api::{devices::DeviceInfo, groups::JoinRequest},
    blob::BlobId,
    content::{Act, ObjectId},
    conversation::ConversationId,
    link::{LinkMode, LinkUri},
    policy::{GroupPolicy, LinkTerms, Role},
    time::Timestamp,
};

use serde::{Deserialize, Serialize};

use crate::{
    conversation::summary::Summary,
    group_link::GroupLink,
    input::WishId,
    message::{Message, MessageState},
    safety_number::SafetyNumber,
    warning::Warning,
};

/// One thing for the app to know.
#[derive(Debug, Clone)]
pub enum Event {
    /// This device is registered; the client is usable.
    Registered,
    /// The registration was refused; the client is of no use. Sign in again.
    RegistrationFailed(Failure),
    /// A wish is done, or safely stored as an intent.
    WishDone(WishId, Answer),
    /// A wish can't be done. Nothing of it remains.
    WishFailed(WishId, Failure),
    /// A message is there: received, or one's own as it is queued.
    Message(Message),
    /// Somebody reacted, edited, deleted, or sent what this version does not know.
    Activity {
        /// Where.
        conversation: ConversationId,
        /// Its number in the log.
        number: u64,
        /// Who: from the MLS leaf.
        sender: Handle,
        /// Whether it was this account.
        own: bool,
        /// When the hub accepted it.
        time: Timestamp,
        /// What.
        act: Act,
    },
    /// One's own message has got further.
    MessageState {
        /// Where.
        conversation: ConversationId,
        /// Which.
        object: ObjectId,
        /// Its number, once it is in the log.
        number: Option<u64>,
        /// How far.
        state: MessageState,
    },
    /// The other has received, or read, everything of this account up to a number.
    Receipt {
        /// Where.
        conversation: ConversationId,
        /// Up to which number.
        up_to: u64,
        /// `Delivered` or `Read`.
        state: MessageState,
    },
    /// A wish about a group has happened: it is in the log.
    Changed {
        /// Where.
        conversation: ConversationId,
        /// The id that `Answer::Queued` gave.
        object: ObjectId,
    },
    /// Somebody could not be let into a group; everybody else was.
    NotAdded {
        /// Into which.
        conversation: ConversationId,
        /// Whom.
        who: Handle,
        /// Why.
        failure: Failure,
    },
    /// Somebody is typing: to be shown for a few seconds.
    Typing {
        /// Where.
        conversation: ConversationId,
        /// Who: from the MLS leaf that the bytes name and the group's secret confirms.
        who: Handle,
    },
    /// People ask to be let into a group, or no longer do.
    JoinRequests {
        /// Into which.
        conversation: ConversationId,
        /// How many.
        count: u64,
    },
    /// A file of a message of one's own is being uploaded.
    Uploading {
        /// Which message.
        object: ObjectId,
        /// Which file.
        blob: BlobId,
        /// How many of its sealed bytes the relay has.
        sent: u64,
        /// How many there are.
        total: u64,
    },
    /// A stored wish can't be done after all. For a message of one's own, `object` is its id: where there is a
    /// `conversation`, it stays there as [`MessageState::Failed`], for [`Wish::SendAgain`](crate::input::Wish::SendAgain)
    /// or [`Wish::Discard`](crate::input::Wish::Discard). Of anything else nothing remains; after a crash it may be told
    /// once more.
    IntentFailed {
        /// Where, if that was known already.
        conversation: Option<ConversationId>,
        /// The id that `Answer::Queued` gave.
        object: ObjectId,
        /// Why, and what to do.
        failure: Failure,
    },
    /// A conversation is new, or its summary has changed. A request is one whose `consent` says so.
    Conversation(Summary),
    /// On a new device: it waits to be linked. The person types the code into an old one, or lets it read the URI.
    LinkOpened {
        /// `XXXX-XXXX`.
        code: String,
        /// To be shown as a QR code, and to nobody else.
        uri: LinkUri,
    },
    /// Both devices have keys. With [`LinkMode::Number`] the person compares the numbers, and confirms or cancels on both;
    /// with [`LinkMode::Uri`] on the old one only, and there is nothing to compare.
    LinkCompare {
        /// Six digits.
        number: String,
        /// How the devices know each other.
        mode: LinkMode,
        /// On the old device: what the new one is called.
        device: Option<String>,
    },
    /// The history is being handed over.
    LinkProgress {
        /// Records so far.
        records: u64,
    },
    /// The history is complete on both. On the new device: open it, and it registers.
    LinkDone,
    /// The link was given up; nothing remains of it. To try again, begin on the new device.
    LinkFailed(Failure),
    /// The account's devices have changed: one was linked, renamed or revoked.
    DevicesChanged,
    /// Something is wrong that a person should know: who did what, and what became of it.
    Warning(Option<ConversationId>, Warning),
    /// All that the relay has for this device has been taken in. Said once for each time the client goes online.
    CaughtUp,
    /// The relay cannot be reached; it is tried again then. Wishes are kept.
    Offline {
        /// Why, for a person.
        reason: String,
        /// When it is tried again.
        retry_at: Timestamp,
    },
    /// The relay no longer accepts this device: revoked, or the account started over elsewhere. Nothing more is sent.
    SignedOut(Failure),
}

/// What a wish brought.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "one lives for a moment, on its way to the app")]
pub enum Answer {
    /// Done.
    Done,
    /// The message is stored and goes when it can.
    Queued {
        /// Its id.
        message: ObjectId,
        /// Its conversation, once known.
        conversation: Option<ConversationId>,
    },
    /// The messages that were asked for, oldest first.
    Messages(Vec<Message>),
    /// The safety number that was asked for.
    SafetyNumber(SafetyNumber),
    /// The sealed bytes that were asked for.
    Bytes(Vec<u8>),
    /// The devices that were asked for.
    Devices(Vec<DeviceInfo>),
    /// The group that was asked for.
    Group(Box<GroupView>),
    /// The link that was made.
    Link(GroupLink),
    /// Who asks to be let in.
    JoinRequests(Vec<JoinRequest>),
}

/// A group as the app sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupView {
    /// Its line in the list.
    pub summary: Summary,
    /// What this account is in it; `None` while this device is not in it.
    pub role: Option<Role>,
    /// Who may do what.
    pub policy: Option<GroupPolicy>,
    /// Who is in it, owners first.
    pub members: Vec<Member>,
    /// Links that were made on this device and are still good.
    pub links: Vec<(GroupLink, LinkTerms)>,
}

/// Somebody who is in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub person: Person,
    /// What they are.
    pub role: Role,
    /// With how many devices.
    pub devices: usize,
    /// Whether it is this account.
    pub own: bool,
}

/// Why something did not work, in words for a person and a code for a program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    /// For a program.
    pub code: FailureCode,
    /// For a person: what happened, and what to do.
    pub text: String,
}

/// Why something did not work. Each says what the app should do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum FailureCode {
    /// There is no such account. Ask for the spelling.
    UnknownAccount,
    /// The account does not use Infrasound. Invite them.
    NoInfrasound,
    /// The account is out of this relay's reach.
    OtherInstance,
    /// The account takes no messages from this one. Don't try again.
    NoConsent,
    /// Their devices have no key packages left. Try later.
    NoKeyPackages,
    /// The message is too long. Shorten it.
    TooLong,
    /// Not known here: conversation, message, contact.
    NotFound,
    /// Only the author may do that.
    NotAuthor,
    /// The group's policy does not let this account do that. Ask an owner.
    NotAllowed,
    /// The link is not good, or no longer. Ask for another.
    BadLink,
    /// The relay refused it. The text says why.
    Refused,
    /// A signature or key did not verify. The text says whose.
    Untrusted,
    /// The account has a device already: start over, or don't.
    AccountHasDevices,
    /// This device is signed out. Sign in again.
    SignedOut,
    /// The relay cannot be reached just now. Try later.
    Unreachable,
}

impl FailureCode {
    /// Of what failed before codes were stored.
    pub(crate) fn of_before() -> Self {
        Self::Refused
    }
}

impl Failure {
    /// A failure with its text.
    pub fn new(code: FailureCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

/// An account as the app sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Its URI.
    pub account: AccountUri,
    /// Its handle.
    pub handle: Handle,
}
