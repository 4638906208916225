//! The body of a push message: one record that only the device can read (RFC 8291 over RFC 8188).

use aes_gcm::{Aes128Gcm, KeyInit as _, aead::Aead as _};
use hkdf::Hkdf;
use infrasound_spec::api::push::{PushAuth, PushKey};
use p256::{PublicKey, SecretKey, ecdh::diffie_hellman, elliptic_curve::sec1::ToEncodedPoint as _};
use rand_core::OsRng;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::secret;

/// All of a message goes into one record of at most so many bytes.
const RECORD_SIZE: u32 = 4096;
/// The padding delimiter of the last record (RFC 8188 section 2).
const LAST: u8 = 2;

/// The device's key is no point on the curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key is no public key on P-256")]
pub(crate) struct NotAKey;

/// Reads a device's public key.
pub(crate) fn read_key(key: &PushKey) -> Result<PublicKey, NotAKey> {
    PublicKey::from_sec1_bytes(key.as_bytes()).map_err(|_| NotAKey)
}

/// Seals a short text for a device, under keys that are made for it.
pub(crate) fn seal(text: &[u8], device: &PublicKey, auth: &PushAuth) -> Option<Vec<u8>> {
    seal_with(text, device, auth, &SecretKey::random(&mut OsRng), secret::make_bytes())
}

fn seal_with(
    text: &[u8],
    device: &PublicKey,
    auth: &PushAuth,
    own: &SecretKey,
    salt: [u8; 16],
) -> Option<Vec<u8>> {
    let (device_point, own_point) =
        (device.to_encoded_point(false), own.public_key().to_encoded_point(false));
    let shared = diffie_hellman(own.to_nonzero_scalar(), device.as_affine());
    let info = [b"WebPush: info\0", device_point.as_bytes(), own_point.as_bytes()].concat();
    let input = expand::<32>(auth.as_bytes(), shared.raw_secret_bytes(), &info)?;
    let key = expand::<16>(&salt, input.as_slice(), b"Content-Encoding: aes128gcm\0")?;
    let nonce = expand::<12>(&salt, input.as_slice(), b"Content-Encoding: nonce\0")?;
    let cipher = Aes128Gcm::new_from_slice(key.as_slice()).ok()?;
    let sealed = cipher.encrypt(nonce.as_slice().into(), [text, &[LAST]].concat().as_slice()).ok()?;
    let key_length = u8::try_from(own_point.len()).ok()?;
    Some([&salt, &RECORD_SIZE.to_be_bytes()[..], &[key_length], own_point.as_bytes(), &sealed].concat())
}

fn expand<const N: usize>(salt: &[u8], input: &[u8], info: &[u8]) -> Option<Zeroizing<[u8; N]>> {
    let mut output = Zeroizing::new([0; N]);
    Hkdf::<Sha256>::new(Some(salt), input).expand(info, output.as_mut()).ok()?;
    Some(output)
}

#[cfg(test)]
mod tests {
    use infrasound_spec::bytes::decode_bounded;

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        decode_bounded(text, 1000).unwrap()
    }

    /// RFC 8291 section 5, and the intermediate values of its appendix A.
    #[test]
    fn the_example_of_the_standard_comes_out() {
        let device =
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
        let device = read_key(&PushKey::from_slice(&bytes(device)).unwrap()).unwrap();
        let auth = PushAuth::from_slice(&bytes("BTBZMqHH6r4Tts7J_aSIgg")).unwrap();
        let own = SecretKey::from_slice(&bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).unwrap();
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let sealed = seal_with(b"When I grow up, I want to be a watermelon", &device, &auth, &own, salt);
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8w\
                        EqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(sealed, Some(bytes(expected)));
    }

    #[test]
    fn no_two_messages_are_the_same() {
        let device = SecretKey::random(&mut OsRng).public_key();
        let auth = PushAuth::from_bytes([1; 16]);
        let (one, other) = (seal(b"text", &device, &auth).unwrap(), seal(b"text", &device, &auth).unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), other.len());
    }

    #[test]
    fn what_is_no_point_is_no_key() {
        assert_eq!(read_key(&PushKey::from_bytes([4; 65])), Err(NotAKey));
        assert_eq!(read_key(&PushKey::from_bytes([0; 65])), Err(NotAKey));
    }
}
