//! Replays `spec/vectors`: each file is an input and what must come of it, named by the rule that it probes.
//!
//! A folder without a replay here fails, and so does one without a vector of what must be refused.

mod blobs;
mod content;
mod conversations;
mod groups;
mod identity;
mod links;
mod messages;
mod problems;

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Value, json};

/// What comes of an input: the value that is expected, or the name of an error.
type Outcome = Result<Value, String>;

type Replay = fn(&Value) -> Outcome;

/// Every folder and what replays it.
const REPLAYS: &[(&str, Replay)] = &[
    ("aad", messages::aad),
    ("account-uri", identity::account_uri),
    ("blob-size", blobs::size),
    ("content", content::activity),
    ("control", conversations::control),
    ("conversation", conversations::conversation),
    ("direct-id", conversations::direct_id),
    ("endorsement", identity::endorsement),
    ("external-join", groups::external_join),
    ("frame", messages::frame),
    ("handle", identity::handle),
    ("key-package", identity::key_package),
    ("link-frame", links::frame),
    ("link-message", links::message),
    ("link-record", links::record),
    ("link-transcript", links::transcript),
    ("link-uri", links::uri),
    ("log-chain", conversations::log_chain),
    ("log-position", conversations::log_position),
    ("padding", messages::padding),
    ("policy", groups::policy),
    ("problem", problems::problem),
    ("proof", identity::proof),
    ("report", conversations::report),
    ("signing", identity::signing),
    ("submission", conversations::submission),
];

/// What needs a key to replay: `client-core/src/blob.rs` does.
const OF_THE_CLIENT: &[&str] = &["blob", "blob-sealed"];

struct Vector {
    name: String,
    input: Value,
    expect: Value,
}

fn vectors() -> BTreeMap<String, Vec<Vector>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let mut folders: BTreeMap<String, Vec<Vector>> = BTreeMap::new();
    for folder in fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if OF_THE_CLIENT.contains(&name.as_str()) {
            continue;
        }
        let files = fs::read_dir(&folder).unwrap().map(|entry| read(&entry.unwrap().path()));
        folders.insert(name, files.collect());
    }
    folders
}

fn read(path: &Path) -> Vector {
    let name = path.display().to_string();
    let mut vector: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).expect(&name);
    assert!(vector["rule"].is_string() && vector["spec"].is_string(), "{name} names no rule");
    Vector { name, input: vector["input"].take(), expect: vector["expect"].take() }
}

#[test]
fn every_vector_gives_what_it_says() {
    let mut replayed = 0;
    for (folder, vectors) in vectors() {
        let (_, replay) = REPLAYS
            .iter()
            .find(|(name, _)| *name == folder)
            .unwrap_or_else(|| panic!("nothing replays the vectors in {folder}"));
        for Vector { name, input, expect } in vectors {
            let outcome = replay(&input).unwrap_or_else(|error| json!({ "error": error }));
            assert_eq!(outcome, expect, "{name}");
            replayed += 1;
        }
    }
    assert!(replayed > 200, "only {replayed} vectors were found");
}

#[test]
fn every_folder_says_what_must_be_refused() {
    let folders = vectors();
    for (folder, _) in REPLAYS {
        let refused = folders[*folder].iter().filter(|vector| vector.expect["error"].is_string()).count();
        assert!(refused > 0, "no vector in {folder} is refused");
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is not a text in {value}"))
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_else(|| panic!("{key} is not a number in {value}"))
}

fn bytes(value: &Value, key: &str) -> Vec<u8> {
    let text = text(value, key);
    assert!(text.len().is_multiple_of(2), "{key} is not hex");
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

fn array<const N: usize>(value: &Value, key: &str) -> [u8; N] {
    bytes(value, key).try_into().unwrap_or_else(|_| panic!("{key} has not {N} bytes"))
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// The name of an error's variant.
fn variant(error: &impl std::fmt::Debug) -> String {
    format!("{error:?}")
}
