//! The limits that relay and client share. Each has a clear error when it is passed.
//!
//! Spec: `relay-api.md` 5.

use crate::time::DAY;

/// The longest message after padding, as MLS bytes.
pub const MAX_MESSAGE: usize = 64 * 1024;
/// The longest content of a message before padding, so that the padded and framed message stays within [`MAX_MESSAGE`].
pub const MAX_CONTENT: usize = 60 * 1024;
/// The longest key package.
pub const MAX_KEY_PACKAGE: usize = 8 * 1024;
/// The longest commit, Welcome, GroupInfo or ratchet tree of a direct conversation.
pub const MAX_HANDSHAKE: usize = 256 * 1024;
/// The longest commit, Welcome or GroupInfo of a group.
pub const MAX_GROUP_HANDSHAKE: usize = 1_310_720;
/// The longest ratchet tree of a group.
pub const MAX_GROUP_TREE: usize = 4 * 1024 * 1024;
/// Accounts of a group.
pub const MAX_ACCOUNTS: usize = 1_000;
/// Leaves of a group.
pub const MAX_LEAVES: usize = 5_000;
/// Accounts that one commit adds, and that one request claims key packages of.
pub const MAX_BATCH: usize = 250;
/// Sealed bytes that say that somebody is typing.
pub const MAX_TYPING: usize = 256;
/// Accounts of a group beyond which no receipts are sent.
pub const MAX_RECEIPTS: usize = 32;
/// The longest body of a request.
pub const MAX_BODY: usize = 6 * 1024 * 1024;
/// The longest call of an instance's webhook.
pub const MAX_WEBHOOK: usize = 256 * 1024;
/// The longest file that a client sends, and that a relay takes if it is not configured otherwise.
pub const MAX_BLOB: u64 = 100 * 1024 * 1024;
/// Attachments of a message.
pub const MAX_ATTACHMENTS: usize = 16;
/// The longest name of an attachment, in bytes.
pub const MAX_FILE_NAME: usize = 255;
/// The longest media type of an attachment, in bytes.
pub const MAX_MEDIA_TYPE: usize = 127;
/// The longest thumbnail of an attachment, in bytes: as many as may be attached leave room for a text.
pub const MAX_THUMBNAIL: usize = 2_048;
/// The longest address of a push subscription, in bytes.
pub const MAX_PUSH_ENDPOINT: usize = 1_024;
/// Conversations that a push subscription leaves out.
pub const MAX_PUSH_EXCEPTIONS: usize = 1_000;
/// Devices of an account.
pub const MAX_DEVICES: usize = 10;
/// A device that has begun no session for so long is revoked, in milliseconds.
pub const UNUSED_DEVICE: u64 = 365 * DAY;
/// One-time key packages kept for a device.
pub const MAX_KEY_PACKAGES: usize = 100;
/// A device refills its key packages when so many are left.
pub const KEY_PACKAGE_LOW_WATER: u64 = 20;
/// The longest name of a device, in bytes.
pub const MAX_DEVICE_NAME: usize = 64;
/// Entries of a log in one answer, at most.
pub const MAX_LOG_PAGE: u64 = 500;
/// Bytes of entries in one answer, beyond which it ends early.
pub const MAX_LOG_PAGE_BYTES: usize = 4 * 1024 * 1024;
/// The longest frame of a link channel.
pub const MAX_LINK_FRAME: usize = 64 * 1024;
/// Frames of one side of a link channel that the other has not taken in, at most.
pub const MAX_LINK_PENDING: u64 = 8;
/// The longest wait for a frame, in seconds.
pub const MAX_LINK_WAIT: u64 = 20;
/// The longest record that is handed over in a link.
pub const MAX_LINK_RECORD: usize = 1024 * 1024;
