//! Files: sealing them, checking what the relay gave, and opening it. `infrasound_core::blob`.
//!
//! `finish` consumes: the object is of no use afterwards, and JavaScript need not free it.

use infrasound_core::blob;
use infrasound_spec::blob::BlobRef;
use rand_core::OsRng;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{refusal::Refusal, value};

/// Seals one file, from its beginning to its end.
#[wasm_bindgen]
pub struct BlobSealer(blob::BlobSealer);

#[wasm_bindgen]
impl BlobSealer {
    /// Makes a key for a file of this length.
    #[wasm_bindgen(constructor)]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and too large a size is refused"
    )]
    pub fn new(size: f64) -> Result<BlobSealer, JsValue> {
        Ok(Self(blob::BlobSealer::new(size as u64, &mut OsRng).map_err(Refusal::from)?))
    }

    /// What the blob is called.
    #[wasm_bindgen(getter)]
    pub fn id(&self) -> String {
        self.0.id().to_string()
    }

    /// Takes the next bytes of the file; gives the sealed ones that are ready.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<u8>, JsValue> {
        let mut sealed = Vec::with_capacity(bytes.len());
        self.0.push(bytes, &mut sealed).map_err(Refusal::from)?;
        Ok(sealed)
    }

    /// The file is at its end.
    pub fn finish(self) -> Result<SealedEnd, JsValue> {
        let mut sealed = Vec::new();
        let reference = self.0.finish(&mut sealed).map_err(Refusal::from)?;
        Ok(SealedEnd { sealed, reference })
    }
}

/// The end of a sealed file.
#[wasm_bindgen]
pub struct SealedEnd {
    sealed: Vec<u8>,
    reference: BlobRef,
}

#[wasm_bindgen]
impl SealedEnd {
    /// The rest of the sealed bytes.
    #[wasm_bindgen(getter)]
    pub fn sealed(&self) -> Vec<u8> {
        self.sealed.clone()
    }

    /// What a message refers to the blob by. It holds the blob's key.
    #[wasm_bindgen(getter, unchecked_return_type = "object")]
    pub fn reference(&self) -> Result<JsValue, JsValue> {
        Ok(value::to_js(&self.reference)?)
    }
}

/// Looks at all sealed bytes before any of them is opened.
#[wasm_bindgen]
pub struct BlobCheck(blob::BlobCheck);

#[wasm_bindgen]
impl BlobCheck {
    /// For the blob that a message refers to.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "object")] reference: JsValue,
    ) -> Result<BlobCheck, JsValue> {
        Ok(Self(blob::BlobCheck::new(value::from_js(reference)?)))
    }

    /// How many sealed bytes there are.
    #[wasm_bindgen(js_name = sealedSize)]
    pub fn sealed_size(
        #[wasm_bindgen(unchecked_param_type = "object")] reference: JsValue,
    ) -> Result<f64, JsValue> {
        let reference: BlobRef = value::from_js(reference)?;
        #[expect(clippy::cast_precision_loss, reason = "a reference's size is far below 2^53")]
        Ok(reference.sealed_size() as f64)
    }

    /// Takes the next sealed bytes.
    pub fn push(&mut self, sealed: &[u8]) {
        self.0.push(sealed);
    }

    /// All are there. If they are the right ones, they may be opened.
    pub fn finish(self) -> Result<BlobOpener, JsValue> {
        Ok(BlobOpener(self.0.finish().map_err(Refusal::from)?))
    }
}

/// Opens the sealed bytes of a blob that was checked, from the first to the last.
#[wasm_bindgen]
pub struct BlobOpener(blob::BlobOpener);

#[wasm_bindgen]
impl BlobOpener {
    /// Takes the next sealed bytes; gives the file's that are ready.
    pub fn push(&mut self, sealed: &[u8]) -> Result<Vec<u8>, JsValue> {
        let mut bytes = Vec::with_capacity(sealed.len());
        self.0.push(sealed, &mut bytes).map_err(Refusal::from)?;
        Ok(bytes)
    }

    /// Whether that was all.
    pub fn finish(self) -> Result<(), JsValue> {
        Ok(self.0.finish().map_err(Refusal::from)?)
    }
}
