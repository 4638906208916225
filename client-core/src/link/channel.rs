//! The keys of a link, and frames sealed under them.
//!
//! HKDF-SHA256 makes one key for each direction and the number that people compare, from the shared secret, the secret
//! on the screen if it was seen, and the hash of all that both must agree on. A frame is sealed with ChaCha20-Poly1305;
//! its nonce is its number in the channel, so what is repeated, reordered or left out does not open.
//!
//! Spec: `devices.md` 4 and 5.

use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, Nonce, aead::Aead as _};
use hkdf::Hkdf;
use infrasound_spec::link::{LinkFrame, LinkMessage};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::LinkError;

/// Whose end this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    New,
    Old,
}

/// The two keys. Zeroized when dropped; never printed.
pub(crate) struct Channel {
    sending: Zeroizing<[u8; 32]>,
    receiving: Zeroizing<[u8; 32]>,
}

/// The channel of one side, and the six digits.
pub(super) fn derive(
    transcript: &[u8; 32],
    shared: &[u8; 32],
    secret: Option<&[u8; 32]>,
    side: Side,
) -> (Channel, String) {
    let mut input = Zeroizing::new(Vec::with_capacity(64));
    input.extend_from_slice(shared);
    input.extend_from_slice(secret.map_or(&[], |secret| secret.as_slice()));
    let hkdf = Hkdf::<Sha256>::new(Some(transcript), &input);
    let (mut from_new, mut from_old) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
    let mut number = [0; 8];
    // All lengths are within HKDF's range, so none of these can fail.
    let _ = hkdf.expand(b"Infrasound 1.0 link from new", &mut *from_new);
    let _ = hkdf.expand(b"Infrasound 1.0 link from old", &mut *from_old);
    let _ = hkdf.expand(b"Infrasound 1.0 link number", &mut number);
    let (sending, receiving) = match side {
        Side::New => (from_new, from_old),
        Side::Old => (from_old, from_new),
    };
    (Channel { sending, receiving }, format!("{:06}", u64::from_be_bytes(number) % 1_000_000))
}

impl Channel {
    /// The frame with this number of this side. A number is sealed once.
    pub(crate) fn seal(&self, number: u64, message: &LinkMessage<'_>) -> Vec<u8> {
        let plain = Zeroizing::new(message.encode());
        let cipher = ChaCha20Poly1305::new((&*self.sending).into());
        // It refuses only messages over 256 GiB; an empty frame opens nowhere.
        let sealed = cipher.encrypt(&nonce(number), plain.as_slice()).unwrap_or_default();
        LinkFrame::Sealed(&sealed).encode()
    }

    /// Opens the frame with this number of the other side: what [`LinkMessage::decode`] reads.
    pub(crate) fn open(&self, number: u64, frame: &[u8]) -> Result<Zeroizing<Vec<u8>>, LinkError> {
        let LinkFrame::Sealed(sealed) = LinkFrame::decode(frame)? else { return Err(LinkError::OutOfTurn) };
        let cipher = ChaCha20Poly1305::new((&*self.receiving).into());
        cipher.decrypt(&nonce(number), sealed).map(Zeroizing::new).map_err(|_| LinkError::Altered)
    }
}

fn nonce(number: u64) -> Nonce {
    let number = number.to_be_bytes();
    Nonce::from(std::array::from_fn(|i| if i < 4 { 0 } else { number[i - 4] }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_those_of_another_implementation() {
        let (channel, number) = derive(&[1; 32], &[2; 32], Some(&[3; 32]), Side::New);
        // Computed in Python: HMAC-SHA256 as RFC 5869 says.
        assert_eq!(hex(&channel.sending[..]), KEYS[0]);
        assert_eq!(hex(&channel.receiving[..]), KEYS[1]);
        assert_eq!(number, KEYS[2]);
        let (_, number) = derive(&[1; 32], &[2; 32], None, Side::Old);
        assert_eq!(number, KEYS[3]);
    }

    const KEYS: [&str; 4] = [
        "f3ed2f7a0456034c2c9c0a9c14faf3782364d234e7f9289a0c118c8fc8417306",
        "d22c7dd3278a60e80f77ec5f1deeaa123f1919fc6e06e1cac8e6284bbe9dc674",
        "536035",
        "316053",
    ];

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
    }
}
