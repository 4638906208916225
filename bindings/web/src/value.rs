//! Between shapes and values of JavaScript: plain objects, bytes as `Uint8Array`.

use infrasound_spec::time::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::JsValue;

use crate::refusal::Refusal;

/// Makes a value of a shape. What is `None` is `undefined`.
pub(crate) fn to_js(shape: &impl Serialize) -> Result<JsValue, Refusal> {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true);
    shape.serialize(&serializer).map_err(Refusal::malformed)
}

/// Reads a shape from a value.
pub(crate) fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, Refusal> {
    serde_wasm_bindgen::from_value(value).map_err(Refusal::malformed)
}

/// A time of JavaScript: milliseconds, with a fraction that is dropped.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates: a time before 1970 is 1970"
)]
pub(crate) fn time(now: f64) -> Timestamp {
    Timestamp::from_millis(now as u64)
}
