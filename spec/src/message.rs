//! What an application message holds around its content: the AAD outside, the frame inside, and the padding.
//!
//! The AAD is readable and authenticated (RFC 9420 section 6.3.1). The frame is encrypted; it carries where in the log
//! the sender was, so that a hub that drops, reorders or forks is noticed with the next message.
//!
//! Spec: `conversations.md` 9.

use tls_codec::{TlsDeserialize, TlsSerialize, TlsSize, VLBytes};

use crate::{
    limits,
    log::{ChainValue, LogPosition},
    signing,
};

const AAD_VERSION: u8 = 1;
const FRAME_VERSION: u8 = 1;

/// The additional authenticated data of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageAad {
    /// The franking commitment, once reports that moderators can check exist. Empty until then.
    pub franking_tag: Option<[u8; 32]>,
}

#[derive(TlsSerialize, TlsDeserialize, TlsSize)]
struct WireAad {
    version: u8,
    franking_tag: VLBytes,
}

/// Bytes are not the AAD or frame of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// The AAD is of another version or malformed.
    #[error("the message's authenticated data is malformed")]
    Aad,
    /// The frame is of another version or malformed, or its padding is not zero.
    #[error("the message's frame is malformed")]
    Frame,
    /// The content is longer than [`limits::MAX_CONTENT`].
    #[error("a message has at most {} bytes", limits::MAX_CONTENT)]
    TooLong,
}

impl MessageAad {
    /// Writes the AAD.
    pub fn encode(&self) -> Vec<u8> {
        let tag = self.franking_tag.map_or_else(Vec::new, |tag| tag.to_vec());
        signing::encode(&WireAad { version: AAD_VERSION, franking_tag: VLBytes::new(tag) })
    }

    /// Reads the AAD.
    pub fn decode(bytes: &[u8]) -> Result<Self, MessageError> {
        let wire = signing::decode::<WireAad>(bytes).map_err(|_| MessageError::Aad)?;
        let franking_tag = match wire.franking_tag.as_slice() {
            [] => None,
            tag => Some(tag.try_into().map_err(|_| MessageError::Aad)?),
        };
        if wire.version == AAD_VERSION { Ok(Self { franking_tag }) } else { Err(MessageError::Aad) }
    }
}

/// What is encrypted: where the sender was in the log, and the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageFrame {
    /// The last entry that the sender had seen, and the chain's value there.
    pub seen: LogPosition,
    /// The content: an ActivityStreams activity in JSON.
    pub content: Vec<u8>,
}

impl MessageFrame {
    /// Writes the frame: version, position, length, content, then zeros up to Padmé's length.
    pub fn encode(&self) -> Result<Vec<u8>, MessageError> {
        if self.content.len() > limits::MAX_CONTENT {
            return Err(MessageError::TooLong);
        }
        let length = u32::try_from(self.content.len()).map_err(|_| MessageError::TooLong)?;
        let mut bytes = Vec::with_capacity(padme(HEADER + self.content.len()));
        bytes.push(FRAME_VERSION);
        bytes.extend_from_slice(&self.seen.number.to_be_bytes());
        bytes.extend_from_slice(self.seen.chain.as_bytes());
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&self.content);
        bytes.resize(padme(bytes.len()), 0);
        Ok(bytes)
    }

    /// Reads the frame. Padding that is not zero is refused: it could carry what nobody sees.
    pub fn decode(bytes: &[u8]) -> Result<Self, MessageError> {
        let (header, rest) = bytes.split_first_chunk::<HEADER>().ok_or(MessageError::Frame)?;
        let (version, header) = header.split_first().ok_or(MessageError::Frame)?;
        let (number, header) = header.split_first_chunk::<8>().ok_or(MessageError::Frame)?;
        let (chain, header) = header.split_first_chunk::<32>().ok_or(MessageError::Frame)?;
        let length: [u8; 4] = header.try_into().map_err(|_| MessageError::Frame)?;
        let length = usize::try_from(u32::from_be_bytes(length)).map_err(|_| MessageError::Frame)?;
        if *version != FRAME_VERSION || length > limits::MAX_CONTENT {
            return Err(MessageError::Frame);
        }
        let (content, padding) = rest.split_at_checked(length).ok_or(MessageError::Frame)?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(MessageError::Frame);
        }
        let seen = LogPosition { number: u64::from_be_bytes(*number), chain: ChainValue::from_bytes(*chain) };
        Ok(Self { seen, content: content.to_vec() })
    }
}

/// Version, number, chain value, length.
const HEADER: usize = 1 + 8 + 32 + 4;

/// The length that `len` is padded to (Padmé, "Reducing Metadata Leakage from Encrypted Files", section 4): at most
/// 12 % more, and only O(log log len) bits about the length remain visible. At least 256.
pub fn padme(len: usize) -> usize {
    const SMALLEST: usize = 256;
    if len <= SMALLEST {
        return SMALLEST;
    }
    let exponent = len.ilog2();
    let significant = exponent.ilog2() + 1;
    let mask = (1usize << exponent.saturating_sub(significant)) - 1;
    (len + mask) & !mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::ConversationId;

    fn frame(content: &[u8]) -> MessageFrame {
        let seen = LogPosition::start(&ConversationId::from_bytes([7; 32]), 0, 0);
        MessageFrame { seen, content: content.to_vec() }
    }

    #[test]
    fn a_frame_reads_as_it_was_written() {
        for len in [0, 1, 200, 5_000, limits::MAX_CONTENT] {
            let frame = frame(&vec![b'x'; len]);
            let bytes = frame.encode().unwrap();
            assert_eq!(bytes.len(), padme(HEADER + len));
            assert_eq!(MessageFrame::decode(&bytes), Ok(frame));
        }
    }

    #[test]
    fn the_largest_content_stays_within_the_message_limit() {
        assert!(padme(HEADER + limits::MAX_CONTENT) + 512 <= limits::MAX_MESSAGE);
    }

    #[test]
    fn padding_that_is_not_zero_is_refused() {
        let mut bytes = frame(b"hello").encode().unwrap();
        *bytes.last_mut().unwrap() = 1;
        assert_eq!(MessageFrame::decode(&bytes), Err(MessageError::Frame));
    }

    #[test]
    fn a_truncated_or_overlong_frame_is_refused() {
        let bytes = frame(b"hello").encode().unwrap();
        assert_eq!(MessageFrame::decode(&bytes[..HEADER + 3]), Err(MessageError::Frame));
        assert_eq!(MessageFrame::decode(&[]), Err(MessageError::Frame));
        assert_eq!(frame(&vec![0; limits::MAX_CONTENT + 1]).encode(), Err(MessageError::TooLong));
    }

    #[test]
    fn padme_hides_short_lengths_and_costs_at_most_an_eighth() {
        assert_eq!(padme(1), padme(256));
        for len in 256..70_000 {
            let padded = padme(len);
            assert!(padded >= len && padded - len <= len / 8, "{len} became {padded}");
        }
    }

    #[test]
    fn the_aad_has_a_slot_for_a_franking_tag() {
        for franking_tag in [None, Some([9; 32])] {
            let aad = MessageAad { franking_tag };
            assert_eq!(MessageAad::decode(&aad.encode()), Ok(aad));
        }
        assert_eq!(MessageAad::decode(&[2, 0]), Err(MessageError::Aad));
        assert_eq!(MessageAad::decode(&[1, 1, 0]), Err(MessageError::Aad));
    }
}
