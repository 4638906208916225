//! Finds an MLS PrivateMessage among the relay's bytes, to show what the relay can read of it, and what not.
//!
//! RFC 9420 section 6.3: version, wire format, group id, epoch, content type, authenticated data, sender data,
//! ciphertext. Only the first four are of use to a relay.

use std::fmt::Write as _;

use super::storage::{hex, position};

/// MLS 1.0, PrivateMessage, and a group id of 36 bytes: Infrasound's conversation id and generation.
const BEGINNING: [u8; 5] = [0, 1, 0, 2, 36];
const GROUP_ID: usize = 36;
const APPLICATION: u8 = 1;
const SHOWN_GROUP_ID: usize = 8;
const SHOWN_CIPHERTEXT: usize = 64;

/// The parts of a message that a relay stores.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PrivateMessage {
    group_id: Vec<u8>,
    epoch: u64,
    ciphertext: Vec<u8>,
}

impl PrivateMessage {
    /// The last whole application message in `bytes`.
    pub(crate) fn find(bytes: &[u8]) -> Option<Self> {
        let mut found = None;
        let mut rest = bytes;
        while let Some(start) = position(rest, &BEGINNING) {
            rest = rest.get(start + BEGINNING.len()..).unwrap_or_default();
            found = parse(rest).or(found);
        }
        found
    }

    /// The parts, a line each.
    pub(crate) fn describe(&self) -> String {
        let mut text =
            format!("group id    {}…\n", hex(self.group_id.get(..SHOWN_GROUP_ID).unwrap_or_default()));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "epoch       {}", self.epoch);
        let _ = writeln!(text, "ciphertext  {} bytes, which begin", self.ciphertext.len());
        let shown = &self.ciphertext[..self.ciphertext.len().min(SHOWN_CIPHERTEXT)];
        for line in shown.chunks(16) {
            let pairs = line.chunks(2).map(hex).collect::<Vec<_>>().join(" ");
            let _ = writeln!(text, "            {pairs}");
        }
        text
    }
}

/// Reads what follows the length of the group id.
fn parse(bytes: &[u8]) -> Option<PrivateMessage> {
    let (group_id, rest) = bytes.split_at_checked(GROUP_ID)?;
    let (epoch, rest) = rest.split_first_chunk::<8>()?;
    let (content_type, rest) = rest.split_first()?;
    let (_authenticated_data, rest) = vector(rest)?;
    let (_sender_data, rest) = vector(rest)?;
    let (ciphertext, _) = vector(rest)?;
    let is_application = *content_type == APPLICATION && !ciphertext.is_empty();
    is_application.then(|| PrivateMessage {
        group_id: group_id.to_vec(),
        epoch: u64::from_be_bytes(*epoch),
        ciphertext: ciphertext.to_vec(),
    })
}

/// A vector with the length prefix of RFC 9420 section 2.1.2.
fn vector(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let more = match first >> 6 {
        0 => 0,
        1 => 1,
        2 => 3,
        _ => return None,
    };
    let (tail, rest) = rest.split_at_checked(more)?;
    let length = tail.iter().fold(usize::from(first & 0x3f), |length, byte| length << 8 | usize::from(*byte));
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(ciphertext: &[u8]) -> Vec<u8> {
        let mut bytes = BEGINNING.to_vec();
        bytes.extend([7; GROUP_ID]);
        bytes.extend(5_u64.to_be_bytes());
        bytes.extend([APPLICATION, 2, 8, 8, 1, 9]);
        bytes.push(u8::try_from(ciphertext.len()).unwrap());
        bytes.extend(ciphertext);
        bytes
    }

    #[test]
    fn the_last_message_among_other_bytes_is_found() {
        let bytes = [b"page".to_vec(), message(&[1; 3]), b"between".to_vec(), message(&[2; 4])].concat();
        let found = PrivateMessage::find(&bytes).unwrap();
        assert_eq!(found, PrivateMessage { group_id: vec![7; 36], epoch: 5, ciphertext: vec![2; 4] });
    }

    #[test]
    fn a_message_that_is_cut_off_is_not_one() {
        let whole = message(&[1; 3]);
        assert_eq!(PrivateMessage::find(&whole[..whole.len() - 1]), None);
        assert_eq!(PrivateMessage::find(b"nothing here"), None);
    }

    #[test]
    fn the_description_shows_ciphertext_and_its_length() {
        let text = PrivateMessage::find(&message(&[0xab; 3])).unwrap().describe();
        assert!(text.contains("epoch       5"));
        assert!(text.contains("ciphertext  3 bytes"));
        assert!(text.contains("abab ab"));
    }
}
