//! Submissions: what a device signs when it puts something into a log.
//!
//! The signature is over the exact bytes, so that neither the hub nor the network can put words into a device's mouth,
//! and a repeat under the same id is the same submission.
//!
//! Spec: `conversations.md` 6.

use tls_codec::{TlsSerialize, TlsSize};

use crate::{bytes::fixed_bytes, conversation::ConversationId, log, signing};

fixed_bytes!(
    /// The id that a client chooses for a submission: 16 random bytes.
    SubmissionId,
    16
);

#[derive(TlsSerialize, TlsSize)]
struct Signed {
    conversation: [u8; 32],
    submission: [u8; 16],
    kind: u8,
    message: [u8; 32],
    welcome: [u8; 32],
    group_info: [u8; 32],
}

/// What a device signs for a message.
pub fn message_content(conversation: &ConversationId, submission: &SubmissionId, message: &[u8]) -> Vec<u8> {
    content(conversation, submission, log::EntryKind::Message, message, &[], &[])
}

/// What a device signs for a proposal.
pub fn proposal_content(
    conversation: &ConversationId,
    submission: &SubmissionId,
    proposal: &[u8],
) -> Vec<u8> {
    content(conversation, submission, log::EntryKind::Proposal, proposal, &[], &[])
}

/// What a device signs for a commit with its Welcome (empty if it adds nobody) and GroupInfo.
pub fn commit_content(
    conversation: &ConversationId,
    submission: &SubmissionId,
    commit: &[u8],
    welcome: &[u8],
    group_info: &[u8],
) -> Vec<u8> {
    content(conversation, submission, log::EntryKind::Commit, commit, welcome, group_info)
}

fn content(
    conversation: &ConversationId,
    submission: &SubmissionId,
    kind: log::EntryKind,
    message: &[u8],
    welcome: &[u8],
    group_info: &[u8],
) -> Vec<u8> {
    signing::encode(&Signed {
        conversation: *conversation.as_bytes(),
        submission: *submission.as_bytes(),
        kind: kind.code(),
        message: *log::digest(message).as_bytes(),
        welcome: *log::digest(welcome).as_bytes(),
        group_info: *log::digest(group_info).as_bytes(),
    })
}
