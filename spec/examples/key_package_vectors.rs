//! Writes `spec/vectors/key-package`: key packages that are wrong whatever the time is.
//!
//! `cargo run -p infrasound-spec --example key_package_vectors`. The keys are random, so every run writes other bytes.
//! Good key packages cannot be files: openmls checks the lifetime by its own clock.

use std::{error::Error, fs, path::Path};

use ed25519_dalek::{Signer as _, SigningKey};
use infrasound_spec::mls;
use openmls::prelude::{
    BasicCredential, Ciphersuite, CredentialWithKey, KeyPackage, Lifetime, MlsMessageOut,
};
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::{
    signatures::{Signer, SignerError},
    types::SignatureScheme,
};
use rand_core::OsRng;

struct DeviceSigner(SigningKey);

impl Signer for DeviceSigner {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(self.0.sign(payload).to_bytes().to_vec())
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

/// 2026-09-21: when the vectors say that they are looked at.
const AT: u64 = 1_790_000_000;
/// The year 9999: later than anybody looks.
const FAR: u64 = 253_370_764_800;

fn main() -> Result<(), Box<dyn Error>> {
    let forever = Lifetime::init(0, FAR);
    let good = message(mls::CIPHERSUITE, forever)?;
    write("lives_too_long", "84 days and an hour at most", &good, "LivesTooLong")?;
    let short = message(mls::CIPHERSUITE, Lifetime::init(AT, AT + 60))?;
    write("ended_in_the_past", "the lifetime has not ended", &short, "Invalid")?;
    let late = message(mls::CIPHERSUITE, Lifetime::init(FAR, FAR + 60))?;
    write("begins_in_the_future", "the lifetime has begun", &late, "Invalid")?;
    let chacha = Ciphersuite::MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519;
    write("other_suite", "one cipher suite", &message(chacha, forever)?, "Ciphersuite")?;

    let last = good.len() - 1;
    let mut flipped = good.clone();
    flipped[last] ^= 1;
    write("signature_altered", "the key package is signed", &flipped, "Invalid")?;
    let mut flipped = good.clone();
    flipped[50] ^= 1;
    write("init_key_altered", "what is signed is unaltered", &flipped, "Invalid")?;
    write("raw_key_package", "an MLSMessage, not a bare KeyPackage", &good[4..], "Malformed")?;
    write("truncated", "nothing is missing", &good[..last], "Malformed")?;
    write("trailing_byte", "nothing follows", &[good.as_slice(), &[0]].concat(), "Malformed")?;
    write("empty", "nothing is missing", &[], "Malformed")?;
    write("other_protocol_version", "MLS 1.0", &[&[0, 2], &good[2..]].concat(), "Malformed")?;
    write("too_long", "8 KiB at most", &[good.as_slice(), &[0; 8192]].concat(), "TooLong")?;
    Ok(())
}

fn message(suite: Ciphersuite, lifetime: Lifetime) -> Result<Vec<u8>, Box<dyn Error>> {
    let signer = DeviceSigner(SigningKey::generate(&mut OsRng));
    let credential = CredentialWithKey {
        credential: BasicCredential::new(b"https://b.example/users/bob".to_vec()).into(),
        signature_key: signer.0.verifying_key().as_bytes().as_slice().into(),
    };
    let bundle = KeyPackage::builder().key_package_lifetime(lifetime).build(
        suite,
        &OpenMlsRustCrypto::default(),
        &signer,
        credential,
    )?;
    Ok(MlsMessageOut::from(bundle.into_key_package()).to_bytes()?)
}

fn write(name: &str, rule: &str, bytes: &[u8], reason: &str) -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/key-package");
    fs::create_dir_all(&folder)?;
    let hex = bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let vector = serde_json::json!({
        "rule": rule,
        "spec": "key-packages.md 2",
        "input": { "key_package": hex, "at": AT * 1000 },
        "expect": { "error": reason },
    });
    fs::write(folder.join(format!("{name}.json")), format!("{vector:#}\n"))?;
    Ok(())
}
