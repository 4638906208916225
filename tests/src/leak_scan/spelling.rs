//! The ways in which bytes are written down.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

/// One way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spelling {
    /// As RFC 4648 section 4.
    Base64,
    /// As RFC 4648 section 5.
    Base64Url,
    /// Two small digits for each byte.
    HexLower,
    /// Two capital digits for each byte.
    HexUpper,
    /// As in URLs: what is not a letter or a digit is written as hex.
    Percent,
    /// As in URLs, every byte.
    PercentAll,
    /// As they are.
    Raw,
    /// As text of sixteen-bit units, the low byte first.
    Utf16,
}

impl Spelling {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Base64,
        Self::Base64Url,
        Self::HexLower,
        Self::HexUpper,
        Self::Percent,
        Self::PercentAll,
        Self::Raw,
        Self::Utf16,
    ];

    /// Writes bytes down.
    pub fn spell(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Base64 => STANDARD.encode(bytes).into_bytes(),
            Self::Base64Url => URL_SAFE_NO_PAD.encode(bytes).into_bytes(),
            Self::HexLower => each(bytes, |byte| format!("{byte:02x}")),
            Self::HexUpper => each(bytes, |byte| format!("{byte:02X}")),
            Self::Percent => percent_encode(bytes, NON_ALPHANUMERIC).to_string().into_bytes(),
            Self::PercentAll => each(bytes, |byte| format!("%{byte:02X}")),
            Self::Raw => bytes.to_vec(),
            Self::Utf16 => bytes.iter().flat_map(|byte| [*byte, 0]).collect(),
        }
    }
}

fn each(bytes: &[u8], spell: impl Fn(&u8) -> String) -> Vec<u8> {
    bytes.iter().map(spell).collect::<String>().into_bytes()
}

/// What to look for to find bytes in any spelling.
pub(super) fn spellings(bytes: &[u8]) -> Vec<(Spelling, Vec<u8>)> {
    let mut all = Vec::new();
    for spelling in Spelling::ALL {
        match spelling {
            Spelling::Base64 | Spelling::Base64Url => {
                all.extend((0..3).map(|before| (spelling, within_base64(spelling, bytes, before))));
            }
            _ => all.push((spelling, spelling.spell(bytes))),
        }
    }
    all
}

/// The characters that depend on these bytes only, when so many others stand before them.
fn within_base64(spelling: Spelling, bytes: &[u8], before: usize) -> Vec<u8> {
    let padded = [vec![0; before], bytes.to_vec()].concat();
    let mut text = spelling.spell(&padded);
    text.truncate(padded.len() * 8 / 6);
    text.split_off((before * 8).div_ceil(6))
}
