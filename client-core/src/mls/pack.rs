//! MessagePack with named fields, as `rmp_serde` writes it and [`crate::unpack`] reads it, into parts.
//!
//! Two things are different from `rmp_serde`'s own writer. Sequences of bytes, which is how openmls' types show their
//! keys to serde, are written as such. And long sequences, named by the field that they are in, are cut between
//! elements, so that a part has some elements and no other part changes with them.
//!
//! Spec: `journal.md` 3.

use std::fmt::Display;

use serde::{Serialize, Serializer, ser};
use zeroize::Zeroizing;

use super::{
    one_byte::OneByte,
    parts::{Comparing, Difference, Part},
};

/// Where a value is cut into parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// Fields that hold a long sequence.
    pub(super) fields: &'static [&'static str],
    /// Of these, those that hold something of one sender for each leaf.
    pub(super) senders: &'static [&'static str],
    /// How many elements of a sequence make a part.
    pub(super) every: usize,
}

impl Cut {
    /// Nowhere: the value is one part.
    pub(super) const NOWHERE: Self = Self { fields: &[], senders: &[], every: usize::MAX };
}

/// A value of openmls can't be written. Nothing of it depends on what comes from outside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PackError {
    #[error("a sequence does not say how long it is")]
    LengthUnknown,
    #[error("a sequence is longer than MessagePack allows")]
    TooLong,
    #[error("a sequence begins with a byte and goes on with something else")]
    NotAByte,
    #[error("{0}")]
    Refused(String),
}

impl ser::Error for PackError {
    fn custom<T: Display>(message: T) -> Self {
        Self::Refused(message.to_string())
    }
}

/// The markers of bytes, by how many bytes their length takes.
const BYTES: [Option<u8>; 3] = [Some(0xc4), Some(0xc5), Some(0xc6)];

/// Writes a value, and compares it with the stored one.
pub(super) struct Packer<'a> {
    out: Comparing<'a>,
    cut: Cut,
    /// Of senders, only this one's parts are written.
    only: Option<usize>,
    /// The next sequence is to be cut, and has these parts to be written.
    cut_next: Option<Wanted>,
    /// Within an element of a sequence that is cut, nothing is cut any more.
    within: bool,
    /// Some bytes of a sequence, together: comparing them one by one takes longer.
    bytes: Zeroizing<[u8; 32]>,
    /// The parts of the one sender.
    sender_parts: Vec<usize>,
}

/// Which parts of a sequence are written.
#[derive(Clone, Copy)]
enum Wanted {
    All,
    One(usize),
}

/// What was written.
pub(super) struct Packed {
    pub(super) difference: Difference,
    /// The parts of the one sender that was asked for.
    pub(super) sender_parts: Vec<usize>,
}

impl<'a> Packer<'a> {
    pub(super) fn new(stored: &'a [Part], cut: Cut) -> Self {
        Self {
            out: Comparing::with(stored),
            cut,
            only: None,
            cut_next: None,
            within: false,
            bytes: Zeroizing::new([0; 32]),
            sender_parts: Vec::new(),
        }
    }

    /// Of what belongs to senders, only what is stored together with this one's is written and compared.
    pub(super) fn for_sender(stored: &'a [Part], cut: Cut, leaf: usize) -> Self {
        Self { only: leaf.checked_div(cut.every), ..Self::new(stored, cut) }
    }

    pub(super) fn finish(self) -> Packed {
        Packed { difference: self.out.finish(), sender_parts: self.sender_parts }
    }

    fn unsigned(&mut self, value: u64) {
        let bytes = value.to_be_bytes();
        match value {
            0..=0x7f => self.out.byte(bytes[7]),
            0x80..=0xff => self.out.write(&[0xcc, bytes[7]]),
            0x100..=0xffff => self.out.write(&[0xcd, bytes[6], bytes[7]]),
            0x1_0000..=0xffff_ffff => self.marked(0xce, &bytes[4..]),
            _ => self.marked(0xcf, &bytes),
        }
    }

    fn signed(&mut self, value: i64) {
        let bytes = value.to_be_bytes();
        match value {
            0.. => self.unsigned(value.unsigned_abs()),
            -0x20..0 => self.out.byte(bytes[7]),
            -0x80..-0x20 => self.marked(0xd0, &bytes[7..]),
            -0x8000..-0x80 => self.marked(0xd1, &bytes[6..]),
            -0x8000_0000..-0x8000 => self.marked(0xd2, &bytes[4..]),
            _ => self.marked(0xd3, &bytes),
        }
    }

    fn marked(&mut self, marker: u8, bytes: &[u8]) {
        self.out.byte(marker);
        self.out.write(bytes);
    }

    /// The head of something that has a length: in one byte if it is short, else after the fitting marker.
    fn head(&mut self, length: usize, short: (u32, u8), markers: [Option<u8>; 3]) -> Result<(), PackError> {
        let length = u32::try_from(length).map_err(|_| PackError::TooLong)?;
        let bytes = length.to_be_bytes();
        let [one, two, four] = markers;
        match (length, one, two, four) {
            (length, ..) if length < short.0 => self.out.byte(short.1 | bytes[3]),
            (..=0xff, Some(marker), ..) => self.out.write(&[marker, bytes[3]]),
            (..=0xffff, _, Some(marker), _) => self.out.write(&[marker, bytes[2], bytes[3]]),
            (_, _, _, Some(marker)) => self.marked(marker, &bytes),
            _ => return Err(PackError::TooLong),
        }
        Ok(())
    }

    fn array(&mut self, length: usize) -> Result<(), PackError> {
        self.head(length, (16, 0x90), [None, Some(0xdc), Some(0xdd)])
    }

    fn map(&mut self, length: usize) -> Result<(), PackError> {
        self.head(length, (16, 0x80), [None, Some(0xde), Some(0xdf)])
    }

    fn text(&mut self, text: &str) -> Result<(), PackError> {
        self.head(text.len(), (32, 0xa0), [Some(0xd9), Some(0xda), Some(0xdb)])?;
        self.out.write(text.as_bytes());
        Ok(())
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), PackError> {
        self.text(name)?;
        if self.within {
            return value.serialize(self);
        }
        self.cut_next = self.cut.fields.contains(&name).then(|| match self.only {
            Some(part) if self.cut.senders.contains(&name) => Wanted::One(part),
            _ => Wanted::All,
        });
        value.serialize(&mut *self)?;
        self.cut_next = None;
        Ok(())
    }
}

/// A sequence or a map that is being written.
pub(super) struct Packing<'p, 'a> {
    packer: &'p mut Packer<'a>,
    cutting: Option<Cutting>,
}

/// Where a sequence that is cut has come to.
struct Cutting {
    wanted: Wanted,
    /// The part within the sequence; it begins with none.
    next_part: usize,
    /// Elements until the next cut.
    left: usize,
    skipping: bool,
}

impl Packing<'_, '_> {
    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), PackError> {
        if let Some(cutting) = &mut self.cutting {
            if cutting.left == 0 {
                cutting.begin_part(self.packer);
            }
            cutting.left -= 1;
            if cutting.skipping {
                return Ok(());
            }
        }
        value.serialize(&mut *self.packer)
    }

    fn finish(self) {
        if self.cutting.is_some() {
            self.packer.out.cut();
            self.packer.within = false;
        }
    }
}

impl Cutting {
    fn begin_part(&mut self, packer: &mut Packer<'_>) {
        packer.out.cut();
        if let Wanted::One(wanted) = self.wanted {
            self.skipping = self.next_part != wanted;
            if self.skipping {
                packer.out.skip();
            } else {
                packer.sender_parts.push(packer.out.index());
            }
        }
        self.next_part += 1;
        self.left = packer.cut.every;
    }
}

impl<'p, 'a> Serializer for &'p mut Packer<'a> {
    type Ok = ();
    type Error = PackError;
    type SerializeSeq = Packing<'p, 'a>;
    type SerializeTuple = Packing<'p, 'a>;
    type SerializeTupleStruct = Packing<'p, 'a>;
    type SerializeTupleVariant = Packing<'p, 'a>;
    type SerializeMap = Packing<'p, 'a>;
    type SerializeStruct = Packing<'p, 'a>;
    type SerializeStructVariant = Packing<'p, 'a>;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bool(self, value: bool) -> Result<(), PackError> {
        self.out.byte(if value { 0xc3 } else { 0xc2 });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), PackError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), PackError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), PackError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), PackError> {
        self.signed(value);
        Ok(())
    }

    fn serialize_u8(self, value: u8) -> Result<(), PackError> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), PackError> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), PackError> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), PackError> {
        self.unsigned(value);
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), PackError> {
        self.marked(0xca, &value.to_be_bytes());
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<(), PackError> {
        self.marked(0xcb, &value.to_be_bytes());
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), PackError> {
        self.text(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), PackError> {
        self.text(value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), PackError> {
        self.head(value.len(), (0, 0), BYTES)?;
        self.out.write(value);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), PackError> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), PackError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), PackError> {
        self.out.byte(0xc0);
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), PackError> {
        self.array(0)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), PackError> {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), PackError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), PackError> {
        self.map(1)?;
        self.text(variant)?;
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Packing<'p, 'a>, PackError> {
        self.array(length.ok_or(PackError::LengthUnknown)?)?;
        let wanted = self.cut_next.take();
        self.within |= wanted.is_some();
        let begin = |wanted| Cutting { wanted, next_part: 0, left: 0, skipping: false };
        Ok(Packing { packer: self, cutting: wanted.map(begin) })
    }

    fn serialize_tuple(self, length: usize) -> Result<Packing<'p, 'a>, PackError> {
        self.array(length)?;
        Ok(Packing { packer: self, cutting: None })
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Packing<'p, 'a>, PackError> {
        self.serialize_tuple(length)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Packing<'p, 'a>, PackError> {
        self.map(1)?;
        self.text(variant)?;
        self.serialize_tuple(length)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Packing<'p, 'a>, PackError> {
        self.map(length.ok_or(PackError::LengthUnknown)?)?;
        Ok(Packing { packer: self, cutting: None })
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Packing<'p, 'a>, PackError> {
        self.map(length)?;
        Ok(Packing { packer: self, cutting: None })
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Packing<'p, 'a>, PackError> {
        self.map(1)?;
        self.text(variant)?;
        self.serialize_struct(name, length)
    }

    /// A sequence of bytes is written as bytes. Which it is, the type of the elements decides.
    fn collect_seq<I>(self, items: I) -> Result<(), PackError>
    where
        I: IntoIterator,
        I::Item: Serialize,
    {
        let mut items = items.into_iter();
        let (least, most) = items.size_hint();
        let length = most.filter(|most| *most == least).ok_or(PackError::LengthUnknown)?;
        let first = items.next();
        if let Some(Ok(byte)) = first.as_ref().map(|item| item.serialize(OneByte)) {
            return self.collect_bytes(length, byte, items);
        }
        let mut packing = self.serialize_seq(Some(length))?;
        if let Some(first) = first {
            packing.element(&first)?;
        }
        items.try_for_each(|item| packing.element(&item))?;
        packing.finish();
        Ok(())
    }
}

impl Packer<'_> {
    fn collect_bytes<I>(&mut self, length: usize, first: u8, mut rest: I) -> Result<(), PackError>
    where
        I: Iterator,
        I::Item: Serialize,
    {
        self.head(length, (0, 0), BYTES)?;
        self.bytes[0] = first;
        // The first is there already.
        let (mut left, mut filled) = (length, 1);
        while left > 0 {
            let some = left.min(self.bytes.len());
            for slot in self.bytes.iter_mut().take(some).skip(filled) {
                *slot = rest.next().ok_or(PackError::LengthUnknown)?.serialize(OneByte)?;
            }
            self.out.write(&self.bytes[..some]);
            (left, filled) = (left - some, 0);
        }
        Ok(())
    }
}

impl ser::SerializeSeq for Packing<'_, '_> {
    type Ok = ();
    type Error = PackError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), PackError> {
        self.element(value)
    }

    fn end(self) -> Result<(), PackError> {
        self.finish();
        Ok(())
    }
}

impl ser::SerializeTuple for Packing<'_, '_> {
    type Ok = ();
    type Error = PackError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), PackError> {
        self.element(value)
    }

    fn end(self) -> Result<(), PackError> {
        self.finish();
        Ok(())
    }
}

impl ser::SerializeTupleStruct for Packing<'_, '_> {
    type Ok = ();
    type Error = PackError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), PackError> {
        self.element(value)
    }

    fn end(self) -> Result<(), PackError> {
        self.finish();
        Ok(())
    }
}

impl ser::SerializeTupleVariant for Packing<'_, '_> {
    type Ok = ();
    type Error = PackError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), PackError> {
        self.element(value)
    }

    fn end(self) -> Result<(), PackError> {
        self.finish();
        Ok(())
    }
}

impl ser::SerializeStruct for Packing<'_, '_> {
    type Ok = ();
    type Error = PackError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), PackError> {
        self.packer.field(name, value)
    }

    fn end(self) -> Result<(), PackError> {
        self.finish();
        Ok(())
    }
}

impl ser::SerializeStructVariant for Packing<'_, '_> {
    type Ok = ();
    type Error = PackError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), PackError> {
        self.packer.field(name, value)
    }

    fn end(self) -> Result<(), PackError> {
        self.finish();
        Ok(())
    }
}

impl ser::SerializeMap for Packing<'_, '_> {
    type Ok = ();
    type Error = PackError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), PackError> {
        self.element(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), PackError> {
        self.element(value)
    }

    fn end(self) -> Result<(), PackError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    //! Beside `rmp_serde`, whose reader reads it as ours does: the same values, and the same bytes where it writes bytes as such.

    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::unpack::unpack;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Kind {
        Unit,
        Newtype(Vec<u8>),
        Tuple(i64, bool),
        Struct { number: u64, text: String },
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Sample {
        long: Vec<Option<Kind>>,
        signed: (i8, i16, i32, i64),
        unsigned: (u8, u16, u32, u64),
        real: f64,
        nothing: Option<()>,
        map: BTreeMap<String, Vec<Vec<u8>>>,
        letter: char,
    }

    const CUT: Cut = Cut { fields: &["long"], senders: &["long"], every: 4 };

    fn kind() -> impl Strategy<Value = Kind> {
        prop_oneof![
            Just(Kind::Unit),
            prop::collection::vec(any::<u8>(), 0..70).prop_map(Kind::Newtype),
            any::<(i64, bool)>().prop_map(|(number, flag)| Kind::Tuple(number, flag)),
            (any::<u64>(), ".{0,40}").prop_map(|(number, text)| Kind::Struct { number, text }),
        ]
    }

    fn sample() -> impl Strategy<Value = Sample> {
        let long = prop::collection::vec(prop::option::of(kind()), 0..40);
        let map = prop::collection::btree_map(".{0,8}", prop::collection::vec(any::<Vec<u8>>(), 0..3), 0..20);
        let numbers = (any::<(i8, i16, i32, i64)>(), any::<(u8, u16, u32, u64)>(), any::<f64>());
        (long, numbers, map, any::<char>()).prop_map(|(long, (signed, unsigned, real), map, letter)| Sample {
            long,
            signed,
            unsigned,
            real,
            nothing: None,
            map,
            letter,
        })
    }

    fn pack(stored: &[Part], value: &impl Serialize) -> Vec<Part> {
        let mut packer = Packer::new(stored, CUT);
        value.serialize(&mut packer).unwrap();
        let Difference { count, changed } = packer.finish().difference;
        let mut parts = stored.to_vec();
        parts.resize(count, Part::default());
        for (index, part) in changed {
            parts[index] = part;
        }
        parts
    }

    fn joined(parts: &[Part]) -> Vec<u8> {
        parts.iter().flat_map(|part| part.iter().copied()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_written_is_read_by_the_usual_reader_and_by_ours(sample in sample()) {
            let bytes = joined(&pack(&[], &sample));
            for read in [rmp_serde::from_slice(&bytes).ok(), unpack(&bytes).ok()] {
                prop_assert!(read.as_ref() == Some(&sample) || sample.real.is_nan());
            }
        }

        #[test]
        fn what_was_stored_before_makes_no_difference(before in sample(), now in sample()) {
            let updated = pack(&pack(&[], &before), &now);
            prop_assert_eq!(updated, pack(&[], &now));
        }

        #[test]
        fn numbers_and_text_are_the_same_bytes(number: i64, big: u64, text in ".{0,300}", real: f32) {
            let value = (number, big, text, real, vec![(true, 'x'); 20]);
            prop_assert_eq!(joined(&pack(&[], &value)), rmp_serde::to_vec_named(&value).unwrap());
        }

    }

    #[test]
    fn bytes_are_written_as_bytes() {
        for length in [1, 31, 32, 33, 64, 255, 256, 65_535, 65_536] {
            let bytes: Vec<u8> = (0..=255).cycle().take(length).collect();
            let as_bytes = serde_bytes::ByteBuf::from(bytes.clone());
            assert_eq!(joined(&pack(&[], &bytes)), rmp_serde::to_vec_named(&as_bytes).unwrap());
        }
    }

    #[test]
    fn of_one_sender_only_what_is_stored_together_is_looked_at() {
        let mut sample = Sample {
            long: vec![None; 12],
            signed: (0, 0, 0, 0),
            unsigned: (0, 0, 0, 0),
            real: 0.0,
            nothing: None,
            map: BTreeMap::new(),
            letter: 'x',
        };
        let stored = pack(&[], &sample);
        sample.long[1] = Some(Kind::Unit);
        sample.long[9] = Some(Kind::Unit);
        let mut packer = Packer::for_sender(&stored, CUT, 9);
        sample.serialize(&mut packer).unwrap();
        let Packed { difference, sender_parts } = packer.finish();
        let changed: Vec<usize> = difference.changed.into_iter().map(|(index, _)| index).collect();
        assert_eq!((changed, sender_parts), (vec![3], vec![3]));
    }
}
