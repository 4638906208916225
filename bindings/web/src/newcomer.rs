//! A device that is being linked: `infrasound_core::Newcomer`.

use infrasound_core::{Newcomer as CoreNewcomer, output::Output};
use rand_core::OsRng;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{
    client::{new_device, outputs, storage_key},
    refusal::Refusal,
    value,
};

/// A device that is being linked. At the end the journal holds a device: open it with `Core.open`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Newcomer {
    newcomer: CoreNewcomer,
    /// What is to be done first.
    first: Vec<Output>,
}

#[wasm_bindgen]
impl Newcomer {
    /// Begins a link for an account that has devices.
    pub fn begin(
        #[wasm_bindgen(js_name = storageKey)] storage_key: &[u8],
        #[wasm_bindgen(js_name = signedInJson)] signed_in_json: &str,
        #[wasm_bindgen(js_name = deviceName)] device_name: String,
        now: f64,
    ) -> Result<Newcomer, JsValue> {
        let key = self::storage_key(storage_key)?;
        let new = new_device(signed_in_json, device_name, false)?;
        let begun = CoreNewcomer::begin(&key, new, value::time(now), &mut OsRng);
        let (newcomer, first) = begun.map_err(Refusal::from)?;
        Ok(Self { newcomer, first })
    }

    /// The first outputs. They are there once.
    #[wasm_bindgen(unchecked_return_type = "CoreOutput[]")]
    pub fn outputs(&mut self) -> Result<JsValue, JsValue> {
        outputs(std::mem::take(&mut self.first))
    }

    /// Takes one input in. What comes out is to be carried out in order.
    #[wasm_bindgen(unchecked_return_type = "CoreOutput[]")]
    pub fn handle(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "CoreInput")] input: &JsValue,
        now: f64,
    ) -> Result<JsValue, JsValue> {
        let input = value::input(input)?;
        outputs(self.newcomer.handle(input, value::time(now), &mut OsRng))
    }
}
