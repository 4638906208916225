//! A device: `infrasound_core::Client`.

use infrasound_core::{
    Client, NewDevice,
    journal::{SealedRecord, StorageKey},
    output::Output,
};
use infrasound_spec::{account::Handle, conversation::ConversationId};
use rand_core::OsRng;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use zeroize::Zeroizing;

use crate::{
    refusal::Refusal,
    shape::{
        self,
        conversation::Conversation,
        look::{Look, Standing},
        record::StoredRecord,
    },
    value,
};

/// A device of an account.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Core {
    client: Client,
    /// What is to be done first.
    first: Vec<Output>,
}

#[wasm_bindgen]
impl Core {
    /// Makes keys for this browser and registers it as a device of the account that has signed in.
    pub fn register(
        #[wasm_bindgen(js_name = storageKey)] storage_key: &[u8],
        #[wasm_bindgen(js_name = signedInJson)] signed_in_json: &str,
        #[wasm_bindgen(js_name = deviceName)] device_name: String,
        #[wasm_bindgen(js_name = startOver)] start_over: bool,
        now: f64,
    ) -> Result<Core, JsValue> {
        let key = self::storage_key(storage_key)?;
        let new = new_device(signed_in_json, device_name, start_over)?;
        let made = Client::register(&key, new, value::time(now), &mut OsRng);
        let (client, first) = made.map_err(Refusal::from)?;
        Ok(Self { client, first })
    }

    /// Opens what is stored: all records of the root scope, which is sixteen zeros.
    pub fn open(
        #[wasm_bindgen(js_name = storageKey)] storage_key: &[u8],
        #[wasm_bindgen(unchecked_param_type = "StoredRecord[]")] records: JsValue,
        now: f64,
    ) -> Result<Core, JsValue> {
        let key = self::storage_key(storage_key)?;
        let records: Vec<StoredRecord> = value::from_js(records)?;
        let records: Vec<SealedRecord> = records.into_iter().map(SealedRecord::from).collect();
        let opened = Client::open(&key, &records, value::time(now), &mut OsRng);
        let (client, first) = opened.map_err(Refusal::from)?;
        Ok(Self { client, first })
    }

    /// The first outputs, after `register` or `open`. They are there once.
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
        outputs(self.client.handle(input, value::time(now), &mut OsRng))
    }

    /// Where everything stands.
    #[wasm_bindgen(unchecked_return_type = "CoreLook")]
    pub fn look(&self) -> Result<JsValue, JsValue> {
        Ok(value::to_js(&Look::at(&self.client))?)
    }

    /// Where the device stands, without conversations and contacts.
    #[wasm_bindgen(unchecked_return_type = "CoreStanding")]
    pub fn standing(&self) -> Result<JsValue, JsValue> {
        Ok(value::to_js(&Standing::of(&self.client))?)
    }

    /// A line of the list of conversations.
    #[wasm_bindgen(unchecked_return_type = "CoreConversation | undefined")]
    pub fn conversation(&self, id: &str) -> Result<JsValue, JsValue> {
        let id: ConversationId = id.parse().map_err(|error| Refusal::malformed(&error))?;
        let line = self.client.conversations().into_iter().find(|line| line.conversation == id);
        Ok(value::to_js(&line.map(Conversation::from))?)
    }

    /// The conversation with somebody, if there is one.
    #[wasm_bindgen(js_name = conversationWith)]
    pub fn conversation_with(&self, handle: &str) -> Result<Option<String>, JsValue> {
        let handle: Handle = handle.parse().map_err(|error| Refusal::malformed(&error))?;
        Ok(self.client.conversation_with(&handle).map(|id| id.to_string()))
    }
}

/// Outputs as JavaScript gets them.
pub(crate) fn outputs(outputs: Vec<Output>) -> Result<JsValue, JsValue> {
    let shapes: Vec<_> = outputs.into_iter().map(shape::output::Output::from).collect();
    Ok(value::to_js(&shapes)?)
}

/// The key that everything of the device is sealed under.
pub(crate) fn storage_key(bytes: &[u8]) -> Result<StorageKey, Refusal> {
    let mut key = Zeroizing::new([0; 32]);
    if bytes.len() != key.len() {
        return Err(Refusal::malformed(&"the storage key has 32 bytes"));
    }
    key.copy_from_slice(bytes);
    Ok(StorageKey::from_bytes(*key))
}

/// The device that a sign-in has allowed.
pub(crate) fn new_device(json: &str, device_name: String, start_over: bool) -> Result<NewDevice, Refusal> {
    let signed_in = serde_json::from_str(json).map_err(|error| Refusal::malformed(&error))?;
    Ok(NewDevice { signed_in, device_name, start_over })
}
