//! Linking a device: what the two devices show each other, agree on, and send through the link channel.
//!
//! Secrets are made, mixed and used by the client; here are only the formats, and what is hashed.
//!
//! Spec: `devices.md` 3 to 6.

use std::{fmt, str::FromStr};

use sha2::{Digest as _, Sha256};
use tls_codec::{TlsSerialize, TlsSize, VLBytes};

use crate::{
    account::AccountUri,
    api::links::LinkId,
    bytes::{self, fixed_bytes},
    conversation::ConversationId,
    limits::{MAX_DEVICE_NAME, MAX_LINK_RECORD},
    signing::encode,
};

fixed_bytes!(
    /// An ephemeral X25519 public key of one link.
    LinkKey,
    32
);

fixed_bytes!(
    /// What the new device has committed to: its key and a nonce ([`commitment`]).
    LinkCommitment,
    32
);

/// How the two devices know that nobody is between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkMode {
    /// The person compares a number on both.
    Number,
    /// The old device has read the URI from the new one's screen: it has the right key, and the secret.
    Uri,
}

/// What the new device shows: where the channel is, its key, and a secret that only who sees it knows.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkUri {
    /// The channel.
    pub link: LinkId,
    /// The new device's key.
    pub key: LinkKey,
    /// Goes into the key schedule, so that only who has seen it can answer.
    pub secret: [u8; 32],
}

const SCHEME: &str = "infrasound-link:";
const URI_BYTES: usize = 16 + 32 + 32;

/// A text is no link URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not what a new device shows to be linked")]
pub struct NotALinkUri;

impl fmt::Display for LinkUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [self.link.as_bytes().as_slice(), self.key.as_bytes(), &self.secret].concat();
        write!(f, "{SCHEME}{}", bytes::encode(&parts))
    }
}

impl FromStr for LinkUri {
    type Err = NotALinkUri;

    fn from_str(text: &str) -> Result<Self, NotALinkUri> {
        let rest = text.trim().strip_prefix(SCHEME).ok_or(NotALinkUri)?;
        let all: [u8; URI_BYTES] = bytes::decode_array(rest).ok_or(NotALinkUri)?;
        let mut reader = Reader(&all);
        let (link, key, secret) = (reader.array(), reader.array(), reader.array());
        match (link, key, secret) {
            (Some(link), Some(key), Some(secret)) => {
                Ok(Self { link: LinkId::from_bytes(link), key: LinkKey::from_bytes(key), secret })
            }
            _ => Err(NotALinkUri),
        }
    }
}

impl fmt::Debug for LinkUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkUri").field("link", &self.link).field("key", &self.key).finish_non_exhaustive()
    }
}

#[derive(TlsSerialize, TlsSize)]
struct Commitment {
    label: VLBytes,
    key: [u8; 32],
    nonce: [u8; 32],
}

/// What the new device commits to before it has seen the old one's key.
pub fn commitment(key: &LinkKey, nonce: &[u8; 32]) -> LinkCommitment {
    let label = VLBytes::new(b"Infrasound 1.0 LinkCommitment".to_vec());
    let content = Commitment { label, key: *key.as_bytes(), nonce: *nonce };
    LinkCommitment::from_bytes(Sha256::digest(encode(&content)).into())
}

/// All that the two devices must agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkTranscript<'a> {
    /// How they know each other.
    pub mode: LinkMode,
    /// The channel.
    pub link: LinkId,
    /// The account that both have signed in as.
    pub account: &'a AccountUri,
    /// The new device's key.
    pub new_key: LinkKey,
    /// What the new device's commitment hid its key with.
    pub nonce: [u8; 32],
    /// The old device's key.
    pub old_key: LinkKey,
}

#[derive(TlsSerialize, TlsSize)]
struct Transcript {
    label: VLBytes,
    mode: u8,
    link: [u8; 16],
    account: VLBytes,
    new_key: [u8; 32],
    nonce: [u8; 32],
    old_key: [u8; 32],
}

impl LinkTranscript<'_> {
    /// The hash that salts the key schedule.
    pub fn digest(&self) -> [u8; 32] {
        let transcript = Transcript {
            label: VLBytes::new(b"Infrasound 1.0 Link".to_vec()),
            mode: self.mode.code(),
            link: *self.link.as_bytes(),
            account: VLBytes::new(self.account.as_str().into()),
            new_key: *self.new_key.as_bytes(),
            nonce: self.nonce,
            old_key: *self.old_key.as_bytes(),
        };
        Sha256::digest(encode(&transcript)).into()
    }
}

impl LinkMode {
    const fn code(self) -> u8 {
        match self {
            Self::Number => 1,
            Self::Uri => 2,
        }
    }

    const fn of(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Number),
            2 => Some(Self::Uri),
            _ => None,
        }
    }
}

/// Bytes that are none of the formats here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these bytes make no sense in a link")]
pub struct LinkMalformed;

/// One frame of the channel, as the relay sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkFrame<'a> {
    /// The new device's first.
    Commitment(LinkCommitment),
    /// The old device's first.
    Answer {
        /// Which way it came here.
        mode: LinkMode,
        /// Its key.
        key: LinkKey,
    },
    /// The new device's second: what it has committed to.
    Opening {
        /// Its key.
        key: LinkKey,
        /// The nonce.
        nonce: [u8; 32],
    },
    /// All others.
    Sealed(&'a [u8]),
}

impl<'a> LinkFrame<'a> {
    /// The bytes to send.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Commitment(commitment) => [&[1], commitment.as_bytes().as_slice()].concat(),
            Self::Answer { mode, key } => [&[2, mode.code()], key.as_bytes().as_slice()].concat(),
            Self::Opening { key, nonce } => [&[3], key.as_bytes().as_slice(), nonce].concat(),
            Self::Sealed(sealed) => [&[4], *sealed].concat(),
        }
    }

    /// Reads a frame, all bytes of it.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, LinkMalformed> {
        let mut reader = Reader(bytes);
        let frame = match reader.byte() {
            Some(1) => reader.array().map(|digest| Self::Commitment(LinkCommitment::from_bytes(digest))),
            Some(2) => reader.byte().and_then(LinkMode::of).and_then(|mode| {
                reader.array().map(|key| Self::Answer { mode, key: LinkKey::from_bytes(key) })
            }),
            Some(3) => reader.array().and_then(|key| {
                reader.array().map(|nonce| Self::Opening { key: LinkKey::from_bytes(key), nonce })
            }),
            Some(4) => Some(Self::Sealed(reader.rest())),
            _ => None,
        };
        frame.filter(|_| reader.0.is_empty()).ok_or(LinkMalformed)
    }
}

/// What a sealed frame says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum LinkMessage<'a> {
    /// New to old: what the device is called.
    Hello(&'a str),
    /// New to old: the person said there that the numbers are the same.
    Confirmed,
    /// Old to new: the seed of the account key.
    AccountKey(&'a [u8; 32]),
    /// Old to new: a piece of the stream of [`LinkRecord`]s.
    Records(&'a [u8]),
    /// Old to new: these were all.
    End {
        /// How many records there were.
        records: u64,
    },
    /// New to old: all of it is stored.
    Done,
}

impl fmt::Debug for LinkMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hello(_) => "Hello(..)",
            Self::Confirmed => "Confirmed",
            Self::AccountKey(_) => "AccountKey(..)",
            Self::Records(_) => "Records(..)",
            Self::End { .. } => "End { .. }",
            Self::Done => "Done",
        })
    }
}

impl<'a> LinkMessage<'a> {
    /// The bytes to seal.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Hello(name) => [&[1], name.as_bytes()].concat(),
            Self::Confirmed => vec![2],
            Self::AccountKey(seed) => [&[3], seed.as_slice()].concat(),
            Self::Records(bytes) => [&[4], *bytes].concat(),
            Self::End { records } => [&[5], records.to_be_bytes().as_slice()].concat(),
            Self::Done => vec![6],
        }
    }

    /// Reads a message, all bytes of it.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, LinkMalformed> {
        let mut reader = Reader(bytes);
        let message = match reader.byte() {
            Some(1) => std::str::from_utf8(reader.rest())
                .ok()
                .filter(|name| !name.is_empty() && name.len() <= MAX_DEVICE_NAME)
                .map(Self::Hello),
            Some(2) => Some(Self::Confirmed),
            Some(3) => reader.array_ref().map(Self::AccountKey),
            Some(4) => Some(Self::Records(reader.rest())),
            Some(5) => reader.array().map(|number| Self::End { records: u64::from_be_bytes(number) }),
            Some(6) => Some(Self::Done),
            _ => None,
        };
        message.filter(|_| reader.0.is_empty()).ok_or(LinkMalformed)
    }
}

/// Where a record of the history belongs in a client's journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPlace<'a> {
    /// Contacts, summaries, the request policy.
    Root,
    /// What is known of a conversation's receipts.
    Conversation(ConversationId),
    /// A page of its timeline.
    Timeline(ConversationId, u64),
    /// A note and what was done to it.
    Note(ConversationId, &'a str),
}

/// A record of the history: bytes by place and name, as a client stores them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LinkRecord<'a> {
    /// Where.
    pub place: LinkPlace<'a>,
    /// Under which name.
    pub name: &'a [u8],
    /// What.
    pub value: &'a [u8],
}

impl fmt::Debug for LinkRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkRecord").field("place", &self.place).finish_non_exhaustive()
    }
}

impl<'a> LinkRecord<'a> {
    /// The record as it stands in the stream: its length, then itself.
    pub fn encode(&self) -> Vec<u8> {
        let (code, conversation, page, note) = match self.place {
            LinkPlace::Root => (1, None, 0, ""),
            LinkPlace::Conversation(id) => (2, Some(id), 0, ""),
            LinkPlace::Timeline(id, page) => (3, Some(id), page, ""),
            LinkPlace::Note(id, note) => (4, Some(id), 0, note),
        };
        let id = conversation.map_or([0; 32], |id| *id.as_bytes());
        let room = 4 + 1 + 32 + 8 + 2 + note.len() + 2 + self.name.len() + self.value.len();
        // Room for all of it from the start: a vector that grows leaves copies of the history behind.
        let mut bytes = Vec::with_capacity(room);
        bytes.extend_from_slice(&u32::try_from(room - 4).unwrap_or(u32::MAX).to_be_bytes());
        bytes.push(code);
        bytes.extend_from_slice(&id);
        bytes.extend_from_slice(&page.to_be_bytes());
        for part in [note.as_bytes(), self.name] {
            bytes.extend_from_slice(&u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        bytes.extend_from_slice(self.value);
        bytes
    }

    /// Reads the record at the beginning of what has come of the stream, and says how long it is. `None`: not all of it
    /// is there yet.
    pub fn decode(stream: &'a [u8]) -> Result<Option<(Self, usize)>, LinkMalformed> {
        let Some((length, rest)) = stream.split_first_chunk::<4>() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > MAX_LINK_RECORD {
            return Err(LinkMalformed);
        }
        let Some(record) = rest.get(..length) else { return Ok(None) };
        Self::read(record).map(|record| Some((record, 4 + length))).ok_or(LinkMalformed)
    }

    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let code = reader.byte()?;
        let id: [u8; 32] = reader.array()?;
        let page = u64::from_be_bytes(reader.array()?);
        let note = std::str::from_utf8(reader.counted()?).ok()?;
        let name = reader.counted()?;
        let value = reader.rest();
        let conversation = ConversationId::from_bytes(id);
        let place = match code {
            1 if id == [0; 32] && page == 0 && note.is_empty() => LinkPlace::Root,
            2 if page == 0 && note.is_empty() => LinkPlace::Conversation(conversation),
            3 if note.is_empty() => LinkPlace::Timeline(conversation, page),
            4 if page == 0 && !note.is_empty() => LinkPlace::Note(conversation, note),
            _ => return None,
        };
        Some(Self { place, name, value })
    }
}

/// Takes pieces off the front of bytes from outside.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    fn array_ref<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (array, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(array)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.array_ref().copied()
    }

    fn counted(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(u16::from_be_bytes(self.array()?));
        let (part, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(part)
    }

    fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_when_all_of_it_is_there() {
        let id = ConversationId::from_bytes([7; 32]);
        let record =
            LinkRecord { place: LinkPlace::Note(id, "urn:uuid:1"), name: b"note/x", value: b"hello" };
        let bytes = record.encode();
        for cut in 0..bytes.len() {
            assert_eq!(LinkRecord::decode(&bytes[..cut]), Ok(None));
        }
        let longer = [bytes.as_slice(), b"next"].concat();
        assert_eq!(LinkRecord::decode(&longer), Ok(Some((record, bytes.len()))));
    }

    #[test]
    fn nothing_secret_is_printed() {
        let uri =
            LinkUri { link: LinkId::from_bytes([1; 16]), key: LinkKey::from_bytes([2; 32]), secret: [9; 32] };
        assert!(!format!("{uri:?}").contains('9'), "{uri:?}");
        assert_eq!(format!("{:?}", LinkMessage::AccountKey(&[7; 32])), "AccountKey(..)");
    }
}
