//! Between shapes and values of JavaScript: plain objects, bytes as `Uint8Array`.

use infrasound_core::input::{Input, WishId};
use infrasound_spec::time::Timestamp;
use serde::{
    Deserializer, Serialize,
    de::{DeserializeOwned, DeserializeSeed, EnumAccess, Error as _, VariantAccess, Visitor},
};
use serde_wasm_bindgen::Error;
use wasm_bindgen::JsValue;

use crate::{
    refusal::Refusal,
    shape::{self, wish::Wish},
};

/// Makes a value of a shape. What is `None` is `undefined`.
pub(crate) fn to_js(shape: &impl Serialize) -> Result<JsValue, Refusal> {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true);
    shape.serialize(&serializer).map_err(|error| Refusal::malformed(&error))
}

/// Reads a shape from a value.
pub(crate) fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, Refusal> {
    serde_wasm_bindgen::from_value(value).map_err(|error| Refusal::malformed(&error))
}

/// Reads an input: what happened outside, or a wish in an object of its own.
pub(crate) fn input(value: &JsValue) -> Result<Input, Refusal> {
    if member(value, "type").as_string().as_deref() != Some("wish") {
        return tagged::<shape::input::Input>(value, "type").map(Input::from);
    }
    let id: u64 = from_js(member(value, "id"))?;
    let wish: Wish = tagged(&member(value, "wish"), "wish")?;
    Ok(Input::Wish(WishId(id), wish.into()))
}

/// Reads an enum from an object of which one member says the variant, and the others are its content.
///
/// serde can do that as well, by way of a value that can be anything: that made the module larger by a twentieth.
pub(crate) fn tagged<T: DeserializeOwned>(object: &JsValue, tag: &'static str) -> Result<T, Refusal> {
    T::deserialize(Tagged { object, tag }).map_err(|error| Refusal::malformed(&error))
}

/// A member of an object; of anything else there is none.
fn member(object: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(object, &name.into()).unwrap_or_default()
}

struct Tagged<'a> {
    object: &'a JsValue,
    tag: &'static str,
}

impl Tagged<'_> {
    fn content(&self) -> serde_wasm_bindgen::Deserializer {
        self.object.clone().into()
    }
}

impl<'de> Deserializer<'de> for Tagged<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("this is not an enum"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq
        tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> EnumAccess<'de> for Tagged<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let name = serde_wasm_bindgen::Deserializer::from(member(self.object, self.tag));
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Tagged<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.content())
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        self.content().deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.content().deserialize_struct("", fields, visitor)
    }
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
