//! No bytes from outside panic a decoder: random ones, mutated good ones, and the corpora of the fuzz targets.
//!
//! Spec: `threat-model.md` 3; design, rule 8.

use std::{fs, path::Path};

use proptest::prelude::*;
use serde_json::Value;

use crate::support::decoders::DECODERS;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_panic_no_decoder(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        for (_, decode) in DECODERS {
            decode(&bytes);
        }
    }

    #[test]
    fn random_text_panics_no_decoder(text in "\\PC{0,300}") {
        for (_, decode) in DECODERS {
            decode(text.as_bytes());
        }
    }

    #[test]
    fn mutated_good_input_panics_no_decoder(
        seed in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        for (name, decode) in DECODERS {
            let corpus = corpus(name);
            let mut bytes = corpus[seed.index(corpus.len())].clone();
            if !bytes.is_empty() {
                let place = place.index(bytes.len());
                bytes[place] = byte;
                decode(&bytes);
                bytes.truncate(cut.index(bytes.len()));
            }
            decode(&bytes);
        }
    }
}

#[test]
fn the_corpora_panic_no_decoder() {
    for (name, decode) in DECODERS {
        for bytes in corpus(name) {
            decode(&bytes);
        }
    }
}

#[test]
fn every_decoder_has_a_fuzz_target_and_every_target_a_decoder() {
    let mut targets: Vec<String> = fs::read_dir(fuzz().join("fuzz_targets"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        // What they take is no value of the wire: a stream of text, what happens to a device, what a device has stored.
        .filter(|name| !["device", "sse", "stored"].contains(&name.as_str()))
        .collect();
    targets.sort();
    let decoders: Vec<&str> = DECODERS.iter().map(|(name, _)| *name).collect();
    assert_eq!(targets, decoders);
}

/// What is worth trying: the target's corpus, and whatever fits it among the vectors.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let mut inputs: Vec<Vec<u8>> = fs::read_dir(fuzz().join("corpus").join(name))
        .unwrap_or_else(|error| panic!("no corpus for {name}: {error}"))
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect();
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(match name {
        "activity" => "content".to_owned(),
        name => name.replace('_', "-"),
    });
    for file in fs::read_dir(vectors).into_iter().flatten() {
        let vector: Value = serde_json::from_slice(&fs::read(file.unwrap().path()).unwrap()).unwrap();
        inputs.extend(vector["input"].as_object().unwrap().values().filter_map(Value::as_str).map(bytes));
    }
    assert!(!inputs.is_empty(), "the corpus of {name} is empty");
    inputs
}

/// Hex if it is hex, else the text.
fn bytes(text: &str) -> Vec<u8> {
    let hex = |i| text.get(i..i + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (0..text.len()).step_by(2).map(hex).collect::<Option<_>>().unwrap_or_else(|| text.into())
}

fn fuzz() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz")
}
