//! The limits that relay and client share. Each has a clear error when it is passed.
//!
//! Spec: `relay-api.md` 5.

/// The longest message after padding, as MLS bytes.
pub const MAX_MESSAGE: usize = 64 * 1024;
/// The longest content of a message before padding, so that the padded and framed message stays within [`MAX_MESSAGE`].
pub const MAX_CONTENT: usize = 60 * 1024;
/// The longest key package.
pub const MAX_KEY_PACKAGE: usize = 8 * 1024;
/// The longest commit, Welcome, GroupInfo or ratchet tree of a direct conversation.
pub const MAX_HANDSHAKE: usize = 256 * 1024;
/// The longest body of a request.
pub const MAX_BODY: usize = 2 * 1024 * 1024;
/// Devices of an account.
pub const MAX_DEVICES: usize = 10;
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
