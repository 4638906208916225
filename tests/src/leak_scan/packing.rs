//! What was compressed is opened wherever it could begin.

use std::io::{self, Read, Write as _};

use base64::{
    Engine as _, alphabet,
    engine::{GeneralPurpose, general_purpose::NO_PAD},
};
use flate2::{
    Compression,
    read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder},
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};
use ruzstd::{
    decoding::StreamingDecoder,
    encoding::{CompressionLevel, compress_to_vec},
};

/// More is not unpacked of one stream.
const MOST: u64 = 8 * 1024 * 1024;
/// Shorter base64 texts hold nothing that could be unpacked.
const SHORTEST_TEXT: usize = 32;

/// Forgives the bits that a text has left over when it is cut out of a longer one.
const DECODER: GeneralPurpose =
    GeneralPurpose::new(&alphabet::URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));

/// A way to compress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Packing {
    /// RFC 1951, without a mark.
    Deflate,
    /// RFC 1952.
    Gzip,
    /// RFC 1950.
    Zlib,
    /// RFC 8878.
    Zstd,
}

impl Packing {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Deflate, Self::Gzip, Self::Zlib, Self::Zstd];

    /// Compresses, for tests of the search.
    ///
    /// # Panics
    /// If memory cannot be written.
    #[expect(clippy::expect_used, reason = "test support: writing to memory does not fail")]
    pub fn pack(self, bytes: &[u8]) -> Vec<u8> {
        let level = Compression::default();
        match self {
            Self::Deflate => {
                let mut encoder = DeflateEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("deflate")
            }
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("gzip")
            }
            Self::Zlib => {
                let mut encoder = ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("zlib")
            }
            Self::Zstd => compress_to_vec(bytes, CompressionLevel::Fastest),
        }
    }

    /// Whether such a stream can begin with these bytes.
    fn can_begin(self, bytes: &[u8]) -> bool {
        match self {
            Self::Deflate => false,
            Self::Gzip => bytes.starts_with(&[0x1f, 0x8b, 8]),
            // The method is deflate with any window, and the two bytes are a multiple of 31.
            Self::Zlib => {
                matches!(bytes, [first, second, ..]
                    if first & 0x8f == 8 && (u16::from(*first) * 256 + u16::from(*second)) % 31 == 0)
            }
            Self::Zstd => bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]),
        }
    }

    /// What can be had of a stream, also of one that is cut off or goes wrong after a while.
    fn open(self, packed: &[u8]) -> Vec<u8> {
        match self {
            Self::Deflate => all_of(DeflateDecoder::new(packed)),
            Self::Gzip => all_of(MultiGzDecoder::new(packed)),
            Self::Zlib => all_of(ZlibDecoder::new(packed)),
            Self::Zstd => StreamingDecoder::new(packed).map(all_of).unwrap_or_default(),
        }
    }
}

/// Everything that some bytes hold packed.
pub(super) fn unpack(haystack: &[u8]) -> Vec<(Packing, Vec<u8>)> {
    let mut found = Vec::new();
    for begin in 0..haystack.len() {
        open_marked(&haystack[begin..], &mut found);
    }
    for begin in unmarked(haystack) {
        found.push((Packing::Deflate, Packing::Deflate.open(&haystack[begin..])));
    }
    for text in base64_texts(haystack) {
        open_marked(&text, &mut found);
    }
    found.retain(|(_, content)| !content.is_empty());
    found
}

fn open_marked(packed: &[u8], found: &mut Vec<(Packing, Vec<u8>)>) {
    for packing in Packing::ALL {
        if packing.can_begin(packed) {
            found.push((packing, packing.open(packed)));
        }
    }
}

/// Where a stream without a mark is tried.
fn unmarked(haystack: &[u8]) -> Vec<usize> {
    const BODY: &[u8] = b"\r\n\r\n";
    let bodies = haystack.windows(BODY.len()).enumerate().filter(|(_, window)| *window == BODY);
    [0].into_iter().chain(bodies.map(|(at, _)| at + BODY.len())).collect()
}

/// What all longer texts of base64 decode to.
fn base64_texts(haystack: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let is_text = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let texts = haystack.split(move |byte| !is_text(byte)).filter(|text| text.len() >= SHORTEST_TEXT);
    texts.filter_map(|text| {
        let whole = &text[..text.len() - usize::from(text.len() % 4 == 1)];
        let spelt: Vec<u8> = whole.iter().copied().map(one_alphabet).collect();
        DECODER.decode(spelt).ok()
    })
}

fn one_alphabet(byte: u8) -> u8 {
    match byte {
        b'+' => b'-',
        b'/' => b'_',
        other => other,
    }
}

fn all_of(reader: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read: io::Result<usize> = reader.take(MOST).read_to_end(&mut bytes);
    // What came before an error counts.
    drop(read);
    bytes
}
