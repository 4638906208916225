//! Whether something is a byte, and which: serde does not tell a sequence of bytes from others until its elements are
//! written.

use serde::{Serialize, Serializer, ser::Impossible};

use super::pack::PackError;

/// Takes one byte and refuses anything else. For any type it does only one of the two, so nothing is left of the
/// question in compiled code.
pub(super) struct OneByte;

const NOT_A_BYTE: PackError = PackError::NotAByte;

macro_rules! refuse {
    ($($name:ident($($type:ty),*);)+) => { $(
        #[inline]
        fn $name(self $(, _: $type)*) -> Result<u8, PackError> {
            Err(NOT_A_BYTE)
        }
    )+ };
}

macro_rules! refuse_compound {
    ($($name:ident($($type:ty),*) -> $compound:ident;)+) => { $(
        #[inline]
        fn $name(self $(, _: $type)*) -> Result<Self::$compound, PackError> {
            Err(NOT_A_BYTE)
        }
    )+ };
}

impl Serializer for OneByte {
    type Ok = u8;
    type Error = PackError;
    type SerializeSeq = Impossible<u8, PackError>;
    type SerializeTuple = Impossible<u8, PackError>;
    type SerializeTupleStruct = Impossible<u8, PackError>;
    type SerializeTupleVariant = Impossible<u8, PackError>;
    type SerializeMap = Impossible<u8, PackError>;
    type SerializeStruct = Impossible<u8, PackError>;
    type SerializeStructVariant = Impossible<u8, PackError>;

    #[inline]
    fn serialize_u8(self, value: u8) -> Result<u8, PackError> {
        Ok(value)
    }

    refuse! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(&'static str);
        serialize_unit_variant(&'static str, u32, &'static str);
    }

    refuse_compound! {
        serialize_seq(Option<usize>) -> SerializeSeq;
        serialize_tuple(usize) -> SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> SerializeTupleVariant;
        serialize_map(Option<usize>) -> SerializeMap;
        serialize_struct(&'static str, usize) -> SerializeStruct;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> SerializeStructVariant;
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<u8, PackError> {
        Err(NOT_A_BYTE)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: &T,
    ) -> Result<u8, PackError> {
        Err(NOT_A_BYTE)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<u8, PackError> {
        Err(NOT_A_BYTE)
    }

    /// Sequences within sequences are no bytes; without this, a vector of vectors would be asked for its elements.
    fn collect_seq<I>(self, _: I) -> Result<u8, PackError>
    where
        I: IntoIterator,
        I::Item: Serialize,
    {
        Err(NOT_A_BYTE)
    }
}
