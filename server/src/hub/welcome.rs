//! A Welcome in two parts: what all its joiners share, kept once, and the secret of each. A device gets the Welcome that it
//! would have got had it been added alone.
//!
//! Spec: `groups.md` 13.3.

use std::collections::HashMap;

use tls_codec::{Deserialize as _, TlsDeserialize, TlsSerialize, TlsSize, VLBytes};

// Read by the decoder for readers: that for slices panics in debug builds when a length promises more than there is.

/// mls10, mls_welcome (RFC 9420 section 6).
const HEAD: [u16; 2] = [1, 3];

/// A Welcome as it stands in an MLSMessage (RFC 9420 section 12.4.3.1).
#[derive(Debug, TlsSerialize, TlsDeserialize, TlsSize)]
struct Wire {
    version: u16,
    wire_format: u16,
    suite: u16,
    secrets: Vec<Secret>,
    encrypted_group_info: VLBytes,
}

#[derive(Debug, TlsSerialize, TlsDeserialize, TlsSize)]
struct Secret {
    new_member: VLBytes,
    kem_output: VLBytes,
    ciphertext: VLBytes,
}

/// What the joiners share.
#[derive(TlsSerialize, TlsDeserialize, TlsSize)]
struct Shared {
    suite: u16,
    encrypted_group_info: VLBytes,
}

/// A Welcome taken apart.
#[derive(Debug)]
pub(crate) struct Split {
    /// What the joiners share.
    pub(crate) shared: Vec<u8>,
    /// The secret of each joiner, by the reference of its key package.
    pub(crate) secrets: HashMap<Vec<u8>, Vec<u8>>,
}

/// The bytes are not those of a Welcome, or of a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the Welcome is malformed")]
pub(crate) struct MalformedWelcome;

/// Takes a Welcome apart.
pub(crate) fn split(bytes: &[u8]) -> Result<Split, MalformedWelcome> {
    let wire = Wire::tls_deserialize_exact(bytes).map_err(|_| MalformedWelcome)?;
    if [wire.version, wire.wire_format] != HEAD {
        return Err(MalformedWelcome);
    }
    let shared = Shared { suite: wire.suite, encrypted_group_info: wire.encrypted_group_info };
    let secrets =
        wire.secrets.iter().map(|secret| Ok((secret.new_member.as_slice().to_vec(), encode(secret)?)));
    Ok(Split { shared: encode(&shared)?, secrets: secrets.collect::<Result<_, _>>()? })
}

/// The Welcome of one joiner.
pub(crate) fn join(shared: &[u8], secret: &[u8]) -> Result<Vec<u8>, MalformedWelcome> {
    let shared = Shared::tls_deserialize_exact(shared).map_err(|_| MalformedWelcome)?;
    let secret = Secret::tls_deserialize_exact(secret).map_err(|_| MalformedWelcome)?;
    let [version, wire_format] = HEAD;
    let Shared { suite, encrypted_group_info } = shared;
    encode(&Wire { version, wire_format, suite, secrets: vec![secret], encrypted_group_info })
}

fn encode(value: &impl tls_codec::Serialize) -> Result<Vec<u8>, MalformedWelcome> {
    value.tls_serialize_detached().map_err(|_| MalformedWelcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn welcome(joiners: u8) -> Vec<u8> {
        let part = |value: u8| VLBytes::new(vec![value; 40]);
        let secrets = (0..joiners)
            .map(|joiner| Secret { new_member: part(joiner), kem_output: part(1), ciphertext: part(joiner) })
            .collect();
        let wire = Wire { version: 1, wire_format: 3, suite: 1, secrets, encrypted_group_info: part(9) };
        encode(&wire).unwrap()
    }

    #[test]
    fn each_joiner_gets_its_own_secret_and_no_other() {
        let split = split(&welcome(3)).unwrap();
        let own = join(&split.shared, &split.secrets[&vec![1; 40]]).unwrap();
        let read = Wire::tls_deserialize_exact(&own).unwrap();
        assert_eq!(read.secrets.len(), 1);
        assert_eq!(read.secrets[0].new_member.as_slice(), [1; 40]);
        assert_eq!(read.encrypted_group_info.as_slice(), [9; 40]);
    }

    #[test]
    fn a_welcome_for_one_comes_out_as_it_went_in() {
        let bytes = welcome(1);
        let split = split(&bytes).unwrap();
        assert_eq!(join(&split.shared, &split.secrets[&vec![0; 40]]).unwrap(), bytes);
    }

    #[test]
    fn what_is_no_welcome_is_refused() {
        let mut other = welcome(1);
        other[3] = 4;
        let cut = welcome(2);
        for bytes in [&[][..], &other, &cut[..cut.len() - 1], &[cut.clone(), vec![0]].concat()] {
            assert_eq!(split(bytes).unwrap_err(), MalformedWelcome);
        }
    }
}
