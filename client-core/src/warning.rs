//! What a person is told when something was tampered with, refused or undone: what, where, by whom as far as known.

use infrasound_spec::account::Handle;

/// Something is wrong. Its text is for a person; none of it is a reason to stop using the conversation by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Warning {
    /// An entry's bytes are not those that its digest or its sender stands for.
    #[error("entry {number} was altered on its way: it does not match its digest")]
    EntryAltered {
        /// Which.
        number: u64,
    },
    /// This device's own entry is in the log with other bytes.
    #[error("the relay altered a message of yours (entry {number})")]
    OwnEntryAltered {
        /// Which.
        number: u64,
    },
    /// An entry could not be decrypted or verified.
    #[error("entry {number} could not be read: it was altered, or is not from a member")]
    EntryUnreadable {
        /// Which.
        number: u64,
    },
    /// An entry was delivered before.
    #[error("entry {number} repeats an earlier message; it was not shown again")]
    EntryReplayed {
        /// Which.
        number: u64,
    },
    /// Entries are missing or out of order.
    #[error("the relay left out entries: after {after} came {got}")]
    LogGap {
        /// The last one that was there.
        after: u64,
        /// The one that came.
        got: u64,
    },
    /// The log is shorter than it was.
    #[error("the relay went back: its log ends at {last}, but this device has seen {seen}")]
    LogRolledBack {
        /// Where the log ends.
        last: u64,
        /// What was seen.
        seen: u64,
    },
    /// The sender saw another log than this device.
    #[error(
        "{sender} was shown another history than you: the relay dropped, altered or reordered entries up to {number}"
    )]
    HistoriesDiffer {
        /// Whose view differs.
        sender: Handle,
        /// Up to which entry.
        number: u64,
    },
    /// The relay named another sender than the MLS leaf.
    #[error("the relay named a wrong sender for entry {number}; it is from {sender}")]
    SenderRewritten {
        /// Which.
        number: u64,
        /// Who it is really from.
        sender: Handle,
    },
    /// A commit was refused.
    #[error("a change to the conversation (entry {number}){} was refused: {reason}", by(.who.as_ref()))]
    CommitRefused {
        /// Which.
        number: u64,
        /// Whose it says it is, if it is a member's.
        #[serde(default)]
        who: Option<Handle>,
        /// Why.
        reason: String,
    },
    /// An owner made the conversation's group anew.
    #[error("an owner has started this conversation anew (entry {number}), because it could not go on")]
    FoundedAgain {
        /// The commit.
        number: u64,
    },
    /// A commit was voided by the hub.
    #[error("a change to the conversation (entry {number}) was undone, because others could not apply it")]
    CommitVoided {
        /// Which.
        number: u64,
    },
    /// The hub voided a commit that was confirmed, or confirmed or voided what is none.
    #[error("the relay tried to undo or confirm what it may not (entry {number}); it was refused")]
    ControlRefused {
        /// Which.
        number: u64,
    },
    /// Members applied the same commit as this device, and came to another epoch: not everybody reads everybody.
    #[error("{who} says that they are not in the same group as this device since entry {number}")]
    Forked {
        /// The commit.
        number: u64,
        /// Who is in another, or says so.
        who: Handle,
    },
    /// A proposal is not one to leave, or not from a member.
    #[error("a proposal (entry {number}){} was refused: {reason}", by(.who.as_ref()))]
    ProposalRefused {
        /// Which.
        number: u64,
        /// Whose it says it is, if it is a member's.
        #[serde(default)]
        who: Option<Handle>,
        /// Why.
        reason: String,
    },
    /// A member did what the group does not let it do.
    #[error("{sender} may not do this in the group (entry {number}); it changed nothing")]
    NotAllowed {
        /// Who.
        sender: Handle,
        /// Which.
        number: u64,
    },
    /// This device tried to come back too often.
    #[error("this device cannot get back into the conversation ({reason}); it tries again later")]
    CannotEnter {
        /// Why.
        reason: String,
    },
    /// A key package, device or Welcome was refused.
    #[error("keys that the relay gave for {who} were refused: {reason}")]
    KeysRefused {
        /// For whom they were.
        who: Handle,
        /// Why.
        reason: String,
    },
    /// An invitation could not be used.
    #[error("an invitation from {who} could not be used: {reason}")]
    WelcomeRefused {
        /// Whose it seemed to be.
        who: Handle,
        /// Why.
        reason: String,
    },
    /// The account key of somebody is not what it was.
    #[error(
        "the key of {who} has changed: they started over, or somebody else signed in as them. Compare safety numbers, then accept them again"
    )]
    AccountKeyChanged {
        /// Whose.
        who: Handle,
    },
    /// The relay does not take what this account says of somebody.
    #[error("the relay refused what you said of {who}: it is not in force there")]
    ContactRefused {
        /// Of whom.
        who: Handle,
    },
    /// What the relay gave for a file is not what its sender had sealed.
    #[error(
        "the file {name:?} from {sender} was refused: {reason}. Nothing of it was stored; try again, or ask for it anew"
    )]
    BlobRefused {
        /// Who sent the message that it is attached to.
        sender: Handle,
        /// What the sender called it.
        name: String,
        /// Why.
        reason: String,
    },
    /// What a member sent is not a message of this protocol.
    #[error("{sender} sent something that is not a message (entry {number})")]
    ContentRefused {
        /// Who.
        sender: Handle,
        /// Which.
        number: u64,
    },
}

/// Whose something is, inside a sentence.
fn by(who: Option<&Handle>) -> String {
    who.map(|who| format!(", in the name of {who},")).unwrap_or_default()
}
