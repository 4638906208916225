//! Everything that the relay wrote to its disk, searched for what it must not know.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The bytes of every file below a folder.
#[derive(Debug)]
pub(crate) struct Storage {
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl Storage {
    /// Reads all files: database, write-ahead log, and what the relay logs.
    pub(crate) fn read(folder: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(next)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.is_file() {
                    // The relay's socket for admins is a name, and holds nothing.
                    let bytes = fs::read(&path)?;
                    files.push((path, bytes));
                }
            }
        }
        Ok(Self { files })
    }

    /// How much there is: files and bytes.
    pub(crate) fn extent(&self) -> (usize, usize) {
        (self.files.len(), self.files.iter().map(|(_, bytes)| bytes.len()).sum())
    }

    /// Whether any file holds `text`: as it is, in hex, or in base64 at any of its three offsets.
    pub(crate) fn holds(&self, text: &str) -> bool {
        let mut forms = vec![text.as_bytes().to_vec(), hex(text.as_bytes()).into_bytes()];
        for alphabet in [STANDARD, URL_SAFE] {
            forms.extend((0..3).map(|offset| base64_within(text.as_bytes(), offset, alphabet)));
        }
        self.files.iter().any(|(_, bytes)| forms.iter().any(|form| position(bytes, form).is_some()))
    }

    /// The first file in which `find` finds something, with what it found.
    pub(crate) fn first<T>(&self, find: impl Fn(&[u8]) -> Option<T>) -> Option<(&Path, T)> {
        self.files.iter().find_map(|(path, bytes)| Some((path.as_path(), find(bytes)?)))
    }
}

/// Where `needle` begins in `bytes`.
pub(crate) fn position(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The characters that depend on `bytes` alone when they stand `offset` bytes after a group of three begins.
fn base64_within(bytes: &[u8], offset: usize, alphabet: &[u8; 64]) -> Vec<u8> {
    let skipped = (3 - offset) % 3;
    let whole = bytes.get(skipped..).unwrap_or_default().chunks_exact(3);
    whole
        .flat_map(|group| {
            let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
            [18, 12, 6, 0].map(|shift| alphabet[(bits >> shift & 63) as usize])
        })
        .collect()
}

/// Two lower-case digits for each byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "meet me at the waterhole";

    fn storage(content: &str) -> Storage {
        Storage { files: vec![(PathBuf::from("file"), content.as_bytes().to_vec())] }
    }

    #[test]
    fn a_planted_text_is_found_in_every_form() {
        for planted in [
            "before meet me at the waterhole after",
            "6d656574206d6520617420746865207761746572686f6c65",
            // base64 of the text alone, after one byte, and after two bytes
            "bWVldCBtZSBhdCB0aGUgd2F0ZXJob2xl",
            "eG1lZXQgbWUgYXQgdGhlIHdhdGVyaG9sZQ",
            "eHhtZWV0IG1lIGF0IHRoZSB3YXRlcmhvbGU",
        ] {
            assert!(storage(planted).holds(SECRET), "{planted}");
        }
    }

    #[test]
    fn another_text_is_not_found() {
        assert!(!storage("meet me at the water hole").holds(SECRET));
    }

    #[test]
    fn folders_are_read_to_the_bottom() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("below")).unwrap();
        fs::write(folder.path().join("below/file"), SECRET).unwrap();
        let storage = Storage::read(folder.path()).unwrap();
        assert!(storage.holds(SECRET));
        assert_eq!(storage.extent(), (1, SECRET.len()));
    }
}
