//! Random values that are shown once and kept as digests, so that a read database signs nobody in.

use rand_core::{OsRng, RngCore as _};
use sha2::{Digest as _, Sha256};

/// Letters and digits that are not mistaken for each other. 32 of them, so that a random byte picks one evenly.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Random bytes.
pub(crate) fn make_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[cfg(feature = "simulation")]
    if crate::simulation::chance::fill(&mut bytes) {
        return bytes;
    }
    OsRng.fill_bytes(&mut bytes);
    bytes
}

/// What is kept of a secret.
pub(crate) fn digest(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// A code for a person to type: `XXXX-XXXX`.
pub(crate) fn make_code() -> String {
    let letters = make_bytes::<8>().map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
    let (first, second) = letters.split_at(4);
    format!("{}-{}", String::from_iter(first), String::from_iter(second))
}

/// A typed code as it is compared: without spaces and hyphens, in capitals.
pub(crate) fn fold_code(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_the_same_however_it_is_typed() {
        let code = make_code();
        assert_eq!(code.len(), 9);
        assert_eq!(fold_code(&code), fold_code(&format!(" {} ", code.to_lowercase().replace('-', " "))));
    }
}
