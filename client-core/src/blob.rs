//! Sealing files, and opening them once they are checked. No I/O: the host gives bytes piece by piece and stores what comes.
//!
//! [`BlobSealer`] seals one file under a key that it makes itself, and is gone with it: no key is used twice. A
//! [`BlobOpener`] is only to be had from a [`BlobCheck`] that has seen all of the sealed bytes and found them right.
//!
//! Spec: `blobs.md` 2 and 3.

use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, Nonce, aead::AeadInPlace as _};
use hkdf::Hkdf;
use infrasound_spec::blob::{
    BlobDigest, BlobId, BlobKey, BlobRef, CHUNK, MAX_SIZE, SEALED_CHUNK, chunks, padded_size,
};
use rand_core::{CryptoRng, RngCore};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

const INFO: &[u8] = b"Infrasound 1.0 blob seal";

/// A file can't be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It became longer or shorter while it was read.
    #[error("the file changed while it was read")]
    Changed,
    /// It is longer than any blob.
    #[error("the file is too long")]
    TooLong,
}

/// Sealed bytes are not those that the reference stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlobRefused {
    /// A chunk does not open.
    #[error("a part of it was altered or is not in its place")]
    Chunk,
    /// They are others.
    #[error("it is not the file that was sent")]
    Digest,
    /// There are too few or too many of them.
    #[error("it was cut or extended")]
    Length,
    /// There is something after the file.
    #[error("it is not padded as it must be")]
    Padding,
}

/// Seals one file, from its beginning to its end.
pub struct BlobSealer {
    chunks: Chunks,
    id: BlobId,
    key: BlobKey,
    taken: u64,
    /// What does not fill a chunk yet.
    waiting: Vec<u8>,
    digest: Sha256,
}

impl BlobSealer {
    /// Makes a key for a file of this length.
    pub fn new<R: RngCore + CryptoRng>(size: u64, rng: &mut R) -> Result<Self, SealError> {
        let (mut id, mut key) = ([0; 32], Zeroizing::new([0; 32]));
        rng.fill_bytes(&mut id);
        rng.fill_bytes(key.as_mut());
        Self::with_key(size, BlobId::from_bytes(id), BlobKey::from_bytes(*key))
    }

    fn with_key(size: u64, id: BlobId, key: BlobKey) -> Result<Self, SealError> {
        if size > MAX_SIZE {
            return Err(SealError::TooLong);
        }
        let chunks = Chunks::new(&key, size);
        Ok(Self { chunks, id, key, taken: 0, waiting: Vec::new(), digest: Sha256::new() })
    }

    /// What the blob is called.
    pub fn id(&self) -> BlobId {
        self.id
    }

    /// Takes the next bytes of the file; the sealed ones that are ready are put after what is in `sealed`.
    pub fn push(&mut self, bytes: &[u8], sealed: &mut Vec<u8>) -> Result<(), SealError> {
        self.taken = self.taken.saturating_add(bytes.len() as u64);
        if self.taken > self.chunks.size {
            return Err(SealError::Changed);
        }
        self.take(bytes, sealed)
    }

    /// The file is at its end: the rest of the sealed bytes, and what the blob is referred to by.
    pub fn finish(mut self, sealed: &mut Vec<u8>) -> Result<BlobRef, SealError> {
        if self.taken != self.chunks.size {
            return Err(SealError::Changed);
        }
        let mut padding = padded_size(self.taken) - self.taken;
        while padding > 0 {
            let zeros = vec![0; usize::try_from(padding.min(CHUNK)).unwrap_or_default()];
            padding -= zeros.len() as u64;
            self.take(&zeros, sealed)?;
        }
        let digest = BlobDigest::from_bytes(self.digest.clone().finalize().into());
        Ok(BlobRef { id: self.id, key: self.key.clone(), size: self.chunks.size, digest })
    }

    fn take(&mut self, mut bytes: &[u8], sealed: &mut Vec<u8>) -> Result<(), SealError> {
        while !bytes.is_empty() {
            let wanted = self.chunks.next_length() - self.waiting.len();
            let (now, later) = bytes.split_at(wanted.min(bytes.len()));
            self.waiting.extend_from_slice(now);
            bytes = later;
            if now.len() == wanted {
                let start = sealed.len();
                self.chunks.seal(&mut self.waiting).ok_or(SealError::TooLong)?;
                sealed.append(&mut self.waiting);
                self.digest.update(&sealed[start..]);
            }
        }
        Ok(())
    }
}

impl Drop for BlobSealer {
    fn drop(&mut self) {
        self.waiting.zeroize();
    }
}

/// Looks at all sealed bytes before any of them is opened.
pub struct BlobCheck {
    reference: BlobRef,
    taken: u64,
    digest: Sha256,
}

impl BlobCheck {
    /// For the blob that a message refers to.
    pub fn new(reference: BlobRef) -> Self {
        Self { reference, taken: 0, digest: Sha256::new() }
    }

    /// Takes the next sealed bytes.
    pub fn push(&mut self, sealed: &[u8]) {
        self.taken = self.taken.saturating_add(sealed.len() as u64);
        self.digest.update(sealed);
    }

    /// All are there. If they are the right ones, they may be opened.
    pub fn finish(self) -> Result<BlobOpener, BlobRefused> {
        let Self { reference, taken, digest } = self;
        if taken != reference.sealed_size() {
            return Err(BlobRefused::Length);
        }
        if digest.finalize().as_slice() != reference.digest.as_bytes() {
            return Err(BlobRefused::Digest);
        }
        Ok(BlobOpener {
            chunks: Chunks::new(&reference.key, reference.size),
            left: reference.size,
            waiting: Vec::new(),
        })
    }
}

/// Opens the sealed bytes of a blob that was checked, from the first to the last.
pub struct BlobOpener {
    chunks: Chunks,
    /// How many bytes of the file are still to come; after them is padding.
    left: u64,
    waiting: Vec<u8>,
}

impl BlobOpener {
    /// Takes the next sealed bytes; the file's bytes that are ready are put after what is in `bytes`.
    pub fn push(&mut self, mut sealed: &[u8], bytes: &mut Vec<u8>) -> Result<(), BlobRefused> {
        while !sealed.is_empty() {
            let wanted = self.chunks.next_sealed_length().saturating_sub(self.waiting.len());
            if wanted == 0 {
                return Err(BlobRefused::Length);
            }
            let (now, later) = sealed.split_at(wanted.min(sealed.len()));
            self.waiting.extend_from_slice(now);
            sealed = later;
            if now.len() == wanted {
                self.chunks.open(&mut self.waiting).ok_or(BlobRefused::Chunk)?;
                let file = usize::try_from(self.left)
                    .map_or(self.waiting.len(), |left| left.min(self.waiting.len()));
                if self.waiting[file..].iter().any(|byte| *byte != 0) {
                    return Err(BlobRefused::Padding);
                }
                self.left -= file as u64;
                bytes.extend_from_slice(&self.waiting[..file]);
                self.waiting.zeroize();
            }
        }
        Ok(())
    }

    /// Whether that was all.
    pub fn finish(self) -> Result<(), BlobRefused> {
        if self.chunks.is_done() && self.waiting.is_empty() { Ok(()) } else { Err(BlobRefused::Length) }
    }
}

/// Seals a file that is in memory: a picture of a group, say.
pub fn seal<R: RngCore + CryptoRng>(file: &[u8], rng: &mut R) -> Result<(BlobRef, Vec<u8>), SealError> {
    let mut sealer = BlobSealer::new(file.len() as u64, rng)?;
    let mut bytes = Vec::new();
    sealer.push(file, &mut bytes)?;
    let reference = sealer.finish(&mut bytes)?;
    Ok((reference, bytes))
}

/// Opens a blob that is in memory.
pub fn open(reference: &BlobRef, sealed: &[u8]) -> Result<Vec<u8>, BlobRefused> {
    let mut check = BlobCheck::new(reference.clone());
    check.push(sealed);
    let mut opener = check.finish()?;
    let mut file = Vec::new();
    opener.push(sealed, &mut file)?;
    opener.finish()?;
    Ok(file)
}

/// The chunks of one blob, in order: STREAM with a prefix of zeros.
struct Chunks {
    cipher: ChaCha20Poly1305,
    size: u64,
    count: u64,
    next: u64,
}

impl Chunks {
    fn new(key: &BlobKey, size: u64) -> Self {
        let mut sealing_key = Zeroizing::new([0; 32]);
        // 32 bytes are always within what HKDF can give.
        let _ = Hkdf::<Sha256>::new(None, key.as_bytes()).expand(INFO, sealing_key.as_mut());
        let cipher = ChaCha20Poly1305::new((&*sealing_key).into());
        Self { cipher, size, count: chunks(size), next: 0 }
    }

    fn is_done(&self) -> bool {
        self.next == self.count
    }

    /// How long the next chunk is in clear; 0 after the last.
    fn next_length(&self) -> usize {
        let left = padded_size(self.size).saturating_sub(self.next.saturating_mul(CHUNK));
        usize::try_from(left.min(CHUNK)).unwrap_or_default()
    }

    /// How long the next chunk is sealed; 0 after the last.
    fn next_sealed_length(&self) -> usize {
        match self.next_length() {
            0 => 0,
            length => length + usize::try_from(SEALED_CHUNK - CHUNK).unwrap_or_default(),
        }
    }

    /// The nonce of the next chunk. There is none after the last.
    fn nonce(&mut self) -> Option<Nonce> {
        let number = u32::try_from(self.next).ok().filter(|_| !self.is_done())?;
        self.next += 1;
        let mut nonce = [0; 12];
        nonce[7..11].copy_from_slice(&number.to_be_bytes());
        nonce[11] = u8::from(self.is_done());
        Some(nonce.into())
    }

    fn seal(&mut self, chunk: &mut Vec<u8>) -> Option<()> {
        let nonce = self.nonce()?;
        self.cipher.encrypt_in_place(&nonce, &[], chunk).ok()
    }

    fn open(&mut self, chunk: &mut Vec<u8>) -> Option<()> {
        let nonce = self.nonce()?;
        self.cipher.decrypt_in_place(&nonce, &[], chunk).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
    use serde_json::Value;

    use super::*;

    fn pattern(size: usize) -> Vec<u8> {
        (0..size).map(|i| u8::try_from(i * 7 % 251).unwrap()).collect()
    }

    fn sealed(size: usize) -> (BlobRef, Vec<u8>) {
        seal(&pattern(size), &mut ChaCha20Rng::seed_from_u64(7)).unwrap()
    }

    fn bytes(value: &Value, key: &str) -> Vec<u8> {
        let text = value[key].as_str().unwrap();
        (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
    }

    fn array(value: &Value, key: &str) -> [u8; 32] {
        bytes(value, key).try_into().unwrap()
    }

    fn vectors(folder: &str) -> Vec<Value> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/vectors").join(folder);
        let files = fs::read_dir(folder).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
        files.map(|text| serde_json::from_slice(&text).unwrap()).collect()
    }

    #[test]
    fn every_vector_opens_or_is_refused_as_it_says() {
        let vectors = vectors("blob");
        assert!(vectors.len() > 10);
        for vector in vectors {
            let input = &vector["input"];
            let reference = BlobRef {
                id: BlobId::from_bytes([0; 32]),
                key: BlobKey::from_bytes(array(input, "key")),
                size: input["size"].as_u64().unwrap(),
                digest: BlobDigest::from_bytes(array(input, "digest")),
            };
            let opened = open(&reference, &bytes(input, "sealed"));
            match vector["expect"].get("error") {
                Some(_) => assert!(opened.is_err(), "{vector}"),
                None => assert_eq!(
                    Sha256::digest(opened.unwrap()).as_slice(),
                    bytes(&vector["expect"], "file_sha256"),
                    "{vector}"
                ),
            }
        }
    }

    #[test]
    fn every_vector_is_sealed_as_it_says() {
        for vector in vectors("blob-sealed") {
            let (input, expect) = (&vector["input"], &vector["expect"]);
            let size = input["size"].as_u64().unwrap();
            let key = BlobKey::from_bytes(array(input, "key"));
            let mut sealer = BlobSealer::with_key(size, BlobId::from_bytes([0; 32]), key).unwrap();
            let mut bytes = Vec::new();
            for piece in pattern(usize::try_from(size).unwrap()).chunks(10_007) {
                sealer.push(piece, &mut bytes).unwrap();
            }
            let reference = sealer.finish(&mut bytes).unwrap();
            assert_eq!(*reference.digest.as_bytes(), array(expect, "digest"), "{vector}");
            assert_eq!(bytes.len() as u64, expect["sealed_size"].as_u64().unwrap());
            assert_eq!(bytes.len() as u64, reference.sealed_size());
        }
    }

    #[test]
    fn whatever_its_length_a_file_comes_out_as_it_went_in() {
        for size in [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 131_072, 200_000, 1_000_001] {
            let (reference, sealed) = sealed(size);
            assert_eq!(open(&reference, &sealed).unwrap(), pattern(size), "{size}");
        }
    }

    #[test]
    fn two_blobs_of_one_file_have_nothing_in_common() {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let (one, other) = (seal(b"file", &mut rng).unwrap(), seal(b"file", &mut rng).unwrap());
        assert!(one.0.id != other.0.id && one.0.key != other.0.key && one.1 != other.1);
    }

    /// Opens without looking at the digest first, as somebody with the key could have made it.
    fn open_with_matching_digest(reference: &BlobRef, sealed: &[u8]) -> Result<Vec<u8>, BlobRefused> {
        let digest = BlobDigest::from_bytes(Sha256::digest(sealed).into());
        open(&BlobRef { digest, ..reference.clone() }, sealed)
    }

    #[test]
    fn altered_cut_extended_or_swapped_chunks_are_refused() {
        let (reference, sealed) = sealed(131_072);
        let chunk = usize::try_from(SEALED_CHUNK).unwrap();
        let swapped = [&sealed[chunk..], &sealed[..chunk]].concat();
        let twice = [&sealed[..chunk], &sealed[..chunk]].concat();
        let mut altered = sealed.clone();
        altered[chunk + 5] ^= 1;
        for wrong in [&swapped, &twice, &altered] {
            assert_eq!(open(&reference, wrong), Err(BlobRefused::Digest));
            assert_eq!(open_with_matching_digest(&reference, wrong), Err(BlobRefused::Chunk));
        }
        for wrong in [&sealed[..chunk], &[&sealed[..], b"x"].concat(), &[]] {
            assert_eq!(open_with_matching_digest(&reference, wrong), Err(BlobRefused::Length));
        }
        // Cut at a chunk's end, by somebody who also changes the size that the message says.
        let shorter = BlobRef { size: 65_536, ..reference.clone() };
        assert_eq!(open_with_matching_digest(&shorter, &sealed[..chunk]), Err(BlobRefused::Chunk));
    }

    #[test]
    fn another_key_or_size_is_refused() {
        let (reference, sealed) = sealed(300);
        let other = BlobRef { key: BlobKey::from_bytes([1; 32]), ..reference.clone() };
        assert_eq!(open(&other, &sealed), Err(BlobRefused::Chunk));
        let shorter = BlobRef { size: 299, ..reference };
        assert_eq!(open(&shorter, &sealed), Err(BlobRefused::Padding));
    }

    #[test]
    fn a_file_that_changes_its_length_while_it_is_read_is_not_sealed() {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let mut bytes = Vec::new();
        let mut grows = BlobSealer::new(10, &mut rng).unwrap();
        assert_eq!(grows.push(&[0; 11], &mut bytes), Err(SealError::Changed));
        let mut shrinks = BlobSealer::new(10, &mut rng).unwrap();
        shrinks.push(&[0; 9], &mut bytes).unwrap();
        assert_eq!(shrinks.finish(&mut bytes).err(), Some(SealError::Changed));
        assert_eq!(BlobSealer::new(MAX_SIZE + 1, &mut rng).err(), Some(SealError::TooLong));
    }
}
