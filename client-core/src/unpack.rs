//! Reads MessagePack as it is stored here: what `rmp_serde` with named fields writes, and the writer of `mls`.
//!
//! `rmp_serde`'s reader takes any value for any type and does so anew for each of them, which made a third of the WASM
//! module. This one looks for what the type asks for, and what is not particular to a type is compiled once.
//!
//! Spec: `journal.md` 3.

use std::fmt::Display;

use serde::{
    Deserializer,
    de::{self, DeserializeOwned, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor},
};

/// The bytes are no value of the type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnpackError {
    #[error("the bytes are not what was stored")]
    Malformed,
    #[error("{0}")]
    Refused(String),
}

impl de::Error for UnpackError {
    fn custom<T: Display>(message: T) -> Self {
        Self::Refused(message.to_string())
    }
}

use UnpackError::Malformed;

/// Reads a value that is all of the bytes.
pub(crate) fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, UnpackError> {
    let mut unpacker = Unpacker { bytes, one: None };
    let value = T::deserialize(&mut unpacker)?;
    if unpacker.bytes.is_empty() { Ok(value) } else { Err(Malformed) }
}

/// What a value begins with, and all of it if it has no elements.
#[derive(Clone, Copy)]
enum Head<'de> {
    Nil,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(&'de str),
    Bytes(&'de [u8]),
    Array(usize),
    Map(usize),
}

struct Unpacker<'de> {
    bytes: &'de [u8],
    /// An element of a sequence that was written as bytes: it is read before them.
    one: Option<u8>,
}

impl<'de> Unpacker<'de> {
    fn take(&mut self, length: usize) -> Result<&'de [u8], UnpackError> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or(Malformed)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], UnpackError> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    /// A number of so many bytes.
    fn number(&mut self, length: usize) -> Result<u64, UnpackError> {
        Ok(self.take(length)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn length(&mut self, bytes: usize) -> Result<usize, UnpackError> {
        usize::try_from(self.number(bytes)?).map_err(|_| Malformed)
    }

    fn text(&mut self, length: usize) -> Result<Head<'de>, UnpackError> {
        std::str::from_utf8(self.take(length)?).map(Head::Text).map_err(|_| Malformed)
    }

    /// Every element has a byte at least, so no length can promise more than there is.
    fn elements(&self, length: usize) -> Result<usize, UnpackError> {
        if length <= self.bytes.len() { Ok(length) } else { Err(Malformed) }
    }

    #[inline(never)]
    fn head(&mut self) -> Result<Head<'de>, UnpackError> {
        if let Some(byte) = self.one.take() {
            return Ok(Head::Unsigned(byte.into()));
        }
        let marker = self.take(1)?[0];
        let short = usize::from(marker);
        Ok(match marker {
            0x00..=0x7f => Head::Unsigned(marker.into()),
            0x80..=0x8f => Head::Map(self.elements(short & 0x0f)?),
            0x90..=0x9f => Head::Array(self.elements(short & 0x0f)?),
            0xa0..=0xbf => self.text(short & 0x1f)?,
            0xc0 => Head::Nil,
            0xc2 | 0xc3 => Head::Bool(marker == 0xc3),
            0xc4..=0xc6 => {
                let length = self.length(1 << (marker - 0xc4))?;
                Head::Bytes(self.take(length)?)
            }
            0xca => Head::Float(f32::from_be_bytes(self.array()?).into()),
            0xcb => Head::Float(f64::from_be_bytes(self.array()?)),
            0xcc..=0xcf => Head::Unsigned(self.number(1 << (marker - 0xcc))?),
            0xd0 => Head::Signed(i8::from_be_bytes(self.array()?).into()),
            0xd1 => Head::Signed(i16::from_be_bytes(self.array()?).into()),
            0xd2 => Head::Signed(i32::from_be_bytes(self.array()?).into()),
            0xd3 => Head::Signed(i64::from_be_bytes(self.array()?)),
            0xd9..=0xdb => {
                let length = self.length(1 << (marker - 0xd9))?;
                self.text(length)?
            }
            0xdc | 0xdd => {
                let length = self.length(2 << (marker - 0xdc))?;
                Head::Array(self.elements(length)?)
            }
            0xde | 0xdf => {
                let length = self.length(2 << (marker - 0xde))?;
                Head::Map(self.elements(length)?)
            }
            0xe0..=0xff => Head::Signed(marker.cast_signed().into()),
            // Extensions are not written here.
            0xc1 | 0xc7..=0xc9 | 0xd4..=0xd8 => return Err(Malformed),
        })
    }

    /// Reads over a value, however deep it is.
    #[inline(never)]
    fn skip(&mut self) -> Result<(), UnpackError> {
        let mut left = 1_usize;
        while left > 0 {
            left -= 1;
            left = left.saturating_add(match self.head()? {
                Head::Array(length) => length,
                Head::Map(length) => length.saturating_mul(2),
                _ => 0,
            });
        }
        Ok(())
    }

    /// The elements of a sequence, which may have been written as bytes.
    #[inline(never)]
    fn sequence(&mut self) -> Result<Source<'de>, UnpackError> {
        match self.head()? {
            Head::Array(left) => Ok(Source::Values(left)),
            Head::Bytes(bytes) => Ok(Source::Bytes(bytes)),
            _ => Err(Malformed),
        }
    }

    fn map(&mut self) -> Result<usize, UnpackError> {
        if let Head::Map(length) = self.head()? { Ok(length) } else { Err(Malformed) }
    }

    fn str(&mut self) -> Result<&'de str, UnpackError> {
        if let Head::Text(text) = self.head()? { Ok(text) } else { Err(Malformed) }
    }
}

/// Where the elements of a sequence come from.
enum Source<'de> {
    Values(usize),
    Bytes(&'de [u8]),
}

/// A sequence that is being read. Whoever reads it takes all of it, or there is an error.
struct Sequence<'u, 'de> {
    unpacker: &'u mut Unpacker<'de>,
    source: Source<'de>,
}

impl Sequence<'_, '_> {
    fn left(&self) -> usize {
        match self.source {
            Source::Values(left) => left,
            Source::Bytes(bytes) => bytes.len(),
        }
    }

    fn advance(&mut self) -> bool {
        match &mut self.source {
            Source::Values(0) | Source::Bytes([]) => return false,
            Source::Values(left) => *left -= 1,
            Source::Bytes([first, rest @ ..]) => {
                self.unpacker.one = Some(*first);
                self.source = Source::Bytes(rest);
            }
        }
        true
    }
}

impl<'de> SeqAccess<'de> for Sequence<'_, 'de> {
    type Error = UnpackError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, UnpackError> {
        if self.advance() { seed.deserialize(&mut *self.unpacker).map(Some) } else { Ok(None) }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left())
    }
}

/// A map that is being read.
struct Map<'u, 'de> {
    unpacker: &'u mut Unpacker<'de>,
    left: usize,
}

impl<'de> MapAccess<'de> for Map<'_, 'de> {
    type Error = UnpackError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, UnpackError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.unpacker).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, UnpackError> {
        seed.deserialize(&mut *self.unpacker)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// An enum that is being read: a name alone, or a map with one entry.
struct Variant<'u, 'de> {
    unpacker: &'u mut Unpacker<'de>,
    is_alone: bool,
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = UnpackError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), UnpackError> {
        Ok((seed.deserialize(&mut *self.unpacker)?, self))
    }
}

impl Variant<'_, '_> {
    fn content(&self) -> Result<(), UnpackError> {
        if self.is_alone { Err(Malformed) } else { Ok(()) }
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = UnpackError;

    fn unit_variant(self) -> Result<(), UnpackError> {
        if self.is_alone { Ok(()) } else { self.unpacker.skip() }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, UnpackError> {
        self.content()?;
        seed.deserialize(self.unpacker)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, UnpackError> {
        self.content()?;
        self.unpacker.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, UnpackError> {
        self.content()?;
        self.unpacker.deserialize_struct("", fields, visitor)
    }
}

/// A type asks for one thing, and that is read.
macro_rules! read {
    ($($name:ident => $reader:ident;)+) => { $(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UnpackError> {
            self.$reader(visitor)
        }
    )+ };
}

impl<'de> Unpacker<'de> {
    fn read_integer<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, UnpackError> {
        match self.head()? {
            Head::Unsigned(number) => visitor.visit_u64(number),
            Head::Signed(number) => visitor.visit_i64(number),
            _ => Err(Malformed),
        }
    }

    fn read_float<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, UnpackError> {
        if let Head::Float(number) = self.head()? { visitor.visit_f64(number) } else { Err(Malformed) }
    }

    fn read_text<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, UnpackError> {
        visitor.visit_borrowed_str(self.str()?)
    }

    fn read_bytes<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, UnpackError> {
        match self.sequence()? {
            Source::Bytes(bytes) => visitor.visit_borrowed_bytes(bytes),
            source @ Source::Values(_) => visit(self, source, visitor),
        }
    }

    fn read_sequence<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, UnpackError> {
        let source = self.sequence()?;
        visit(self, source, visitor)
    }

    fn read_map<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, UnpackError> {
        let left = self.map()?;
        visitor.visit_map(Map { unpacker: self, left })
    }

    fn read_nothing<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, UnpackError> {
        match self.head()? {
            Head::Nil | Head::Array(0) => visitor.visit_unit(),
            _ => Err(Malformed),
        }
    }
}

/// Gives a visitor the elements of a sequence, and refuses what it leaves.
fn visit<'de, V: Visitor<'de>>(
    unpacker: &mut Unpacker<'de>,
    source: Source<'de>,
    visitor: V,
) -> Result<V::Value, UnpackError> {
    let mut sequence = Sequence { unpacker, source };
    let value = visitor.visit_seq(&mut sequence)?;
    if sequence.left() == 0 { Ok(value) } else { Err(Malformed) }
}

impl<'de> Deserializer<'de> for &mut Unpacker<'de> {
    type Error = UnpackError;

    read! {
        deserialize_i8 => read_integer;
        deserialize_i16 => read_integer;
        deserialize_i32 => read_integer;
        deserialize_i64 => read_integer;
        deserialize_u8 => read_integer;
        deserialize_u16 => read_integer;
        deserialize_u32 => read_integer;
        deserialize_u64 => read_integer;
        deserialize_f32 => read_float;
        deserialize_f64 => read_float;
        deserialize_char => read_text;
        deserialize_str => read_text;
        deserialize_string => read_text;
        deserialize_identifier => read_text;
        deserialize_bytes => read_bytes;
        deserialize_byte_buf => read_bytes;
        deserialize_seq => read_sequence;
        deserialize_map => read_map;
        deserialize_unit => read_nothing;
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UnpackError> {
        match self.head()? {
            Head::Nil => visitor.visit_unit(),
            Head::Bool(flag) => visitor.visit_bool(flag),
            Head::Unsigned(number) => visitor.visit_u64(number),
            Head::Signed(number) => visitor.visit_i64(number),
            Head::Float(number) => visitor.visit_f64(number),
            Head::Text(text) => visitor.visit_borrowed_str(text),
            Head::Bytes(bytes) => visitor.visit_borrowed_bytes(bytes),
            Head::Array(left) => visit(self, Source::Values(left), visitor),
            Head::Map(left) => visitor.visit_map(Map { unpacker: self, left }),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UnpackError> {
        if let Head::Bool(flag) = self.head()? { visitor.visit_bool(flag) } else { Err(Malformed) }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UnpackError> {
        match (self.one, self.bytes) {
            (None, [0xc0, rest @ ..]) => {
                self.bytes = rest;
                visitor.visit_none()
            }
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, UnpackError> {
        self.read_nothing(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, UnpackError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, UnpackError> {
        self.read_sequence(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, UnpackError> {
        self.read_sequence(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, UnpackError> {
        self.read_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, UnpackError> {
        let is_alone = match self.bytes.first() {
            Some(0x81) => {
                self.bytes = &self.bytes[1..];
                false
            }
            _ => true,
        };
        visitor.visit_enum(Variant { unpacker: self, is_alone })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, UnpackError> {
        self.skip()?;
        visitor.visit_unit()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Kind {
        Unit,
        Newtype(Vec<u8>),
        Tuple(i64, bool),
        Struct { number: u64, text: String },
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Nothing;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Newtype(u16);

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Sample {
        kinds: Vec<Option<Kind>>,
        signed: (i8, i16, i32, i64),
        unsigned: (u8, u16, u32, u64),
        real: (f32, f64),
        nothing: (Option<()>, Nothing, Newtype),
        map: BTreeMap<u32, Vec<[u8; 2]>>,
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
        letter: char,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Part {
        letter: char,
        #[serde(default)]
        absent: u8,
    }

    fn kind() -> impl Strategy<Value = Kind> {
        prop_oneof![
            Just(Kind::Unit),
            prop::collection::vec(any::<u8>(), 0..70).prop_map(Kind::Newtype),
            any::<(i64, bool)>().prop_map(|(number, flag)| Kind::Tuple(number, flag)),
            (any::<u64>(), ".{0,40}").prop_map(|(number, text)| Kind::Struct { number, text }),
        ]
    }

    fn sample() -> impl Strategy<Value = Sample> {
        let kinds = prop::collection::vec(prop::option::of(kind()), 0..40);
        let map = prop::collection::btree_map(any::<u32>(), any::<Vec<[u8; 2]>>(), 0..20);
        let numbers = (any::<(i8, i16, i32, i64)>(), any::<(u8, u16, u32, u64)>(), any::<u16>());
        let bytes = prop::collection::vec(any::<u8>(), 0..300);
        (kinds, numbers, map, bytes, any::<char>()).prop_map(
            |(kinds, (signed, unsigned, newtype), map, bytes, letter)| Sample {
                kinds,
                signed,
                unsigned,
                real: (f32::from(newtype), 0.1),
                nothing: (None, Nothing, Newtype(newtype)),
                map,
                bytes,
                letter,
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_the_usual_writer_writes_is_read(sample in sample()) {
            let bytes = rmp_serde::to_vec_named(&sample).unwrap();
            prop_assert_eq!(unpack::<Sample>(&bytes), Ok(sample.clone()));
            prop_assert_eq!(unpack::<Part>(&bytes), Ok(Part { letter: sample.letter, absent: 0 }));
        }

        #[test]
        fn what_is_cut_is_refused(sample in sample(), length: prop::sample::Index) {
            let bytes = rmp_serde::to_vec_named(&sample).unwrap();
            prop_assert!(unpack::<Sample>(&bytes[..length.index(bytes.len())]).is_err());
            prop_assert!(unpack::<Sample>(&[&bytes[..], &[0xc0]].concat()).is_err());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = unpack::<Sample>(&bytes);
            let _ = unpack::<Vec<Kind>>(&bytes);
            let _ = unpack::<de::IgnoredAny>(&bytes);
        }
    }

    #[test]
    fn a_sequence_may_have_been_written_as_bytes() {
        assert_eq!(unpack::<Vec<u8>>(&[0xc4, 3, 1, 2, 200]), Ok(vec![1, 2, 200]));
        assert_eq!(unpack::<[u8; 3]>(&[0xc4, 3, 1, 2, 200]), Ok([1, 2, 200]));
        assert_eq!(unpack::<serde_bytes::ByteBuf>(&[0x92, 1, 2]), Ok(vec![1, 2].into()));
        assert_eq!(unpack::<[u8; 2]>(&[0xc4, 3, 1, 2, 200]), Err(Malformed));
    }

    #[test]
    fn a_length_promises_no_more_than_there_is() {
        for head in [[0xdd, 0xff, 0xff, 0xff, 0xff], [0xdf, 0xff, 0xff, 0xff, 0xff]] {
            assert_eq!(unpack::<de::IgnoredAny>(&head), Err(Malformed));
        }
        assert_eq!(unpack::<Vec<u8>>(&[0xc6, 0xff, 0xff, 0xff, 0xff, 1]), Err(Malformed));
    }

    #[test]
    fn nothing_is_too_deep_to_be_skipped() {
        let mut deep = vec![0x91; 1_000_000];
        deep.push(0xc0);
        assert!(unpack::<de::IgnoredAny>(&deep).is_ok());
    }
}
