//! Lengths only: the client, which seals, replays `blob/`. Spec: `blobs.md` 2.

use infrasound_spec::blob::{MAX_SIZE, sealed_size};
use serde_json::{Value, json};

use super::{Outcome, number};

pub(super) fn size(input: &Value) -> Outcome {
    let size = number(input, "size");
    if size > MAX_SIZE {
        return Err("TooLong".to_owned());
    }
    Ok(json!({ "sealed_size": sealed_size(size) }))
}
