//! Looks for secrets where none may be: as they are, in other spellings, and inside of what was compressed.
//!
//! | module | what |
//! |---|---|
//! | `spelling` | the ways in which bytes are written down |
//! | `packing` | streams that were compressed, also inside of base64 |
//!
//! Raw deflate has no mark at its beginning: it is tried at the beginning of each haystack and of each HTTP body in it.

mod packing;
mod spelling;

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use aho_corasick::AhoCorasick;

pub use packing::Packing;
pub use spelling::Spelling;

/// How deep packings are opened in packings.
const DEPTH: usize = 2;
/// Shorter secrets would be found by chance.
const SHORTEST: usize = 12;

/// Something to look for.
#[derive(Debug, Clone)]
pub struct Secret {
    /// What it is called in findings.
    pub name: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Secret {
    /// A secret with a name.
    ///
    /// # Panics
    /// If it is so short that it would be found by chance.
    #[track_caller]
    pub fn new(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        assert!(bytes.len() >= SHORTEST, "{name} is too short to be looked for");
        Self { name: name.to_owned(), bytes }
    }
}

/// A secret where it may not be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The secret's name.
    pub secret: String,
    /// How it is written there.
    pub spelling: Spelling,
    /// What it is packed in, the outermost first.
    pub packed: Vec<Packing>,
}

/// Looks for some secrets in all their spellings at once.
#[derive(Debug)]
pub struct Scanner {
    automaton: AhoCorasick,
    patterns: Vec<(String, Spelling)>,
}

impl Scanner {
    /// Prepares the search.
    ///
    /// # Panics
    /// If there are more secrets than memory.
    #[expect(clippy::expect_used, reason = "test support: a step that fails fails the test, and says which")]
    pub fn new(secrets: &[Secret]) -> Self {
        let mut spelt: Vec<Vec<u8>> = Vec::new();
        let mut patterns = Vec::new();
        for secret in secrets {
            for (spelling, bytes) in spelling::spellings(&secret.bytes) {
                spelt.push(bytes);
                patterns.push((secret.name.clone(), spelling));
            }
        }
        Self { automaton: AhoCorasick::new(spelt).expect("patterns of a sensible size"), patterns }
    }

    /// All that is found in some bytes.
    pub fn scan(&self, haystack: &[u8]) -> BTreeSet<Finding> {
        let mut findings = BTreeSet::new();
        self.scan_into(haystack, &[], &mut findings);
        findings
    }

    /// All that is found in a file, or in all files of a folder except those with these names.
    pub fn scan_path(&self, path: &Path, except: &[&str]) -> io::Result<BTreeSet<(PathBuf, Finding)>> {
        let mut findings = BTreeSet::new();
        for file in files(path)? {
            let name = file.file_name().unwrap_or_default();
            if !except.iter().any(|excepted| *excepted == name) {
                let found = self.scan(&fs::read(&file)?);
                findings.extend(found.into_iter().map(|finding| (file.clone(), finding)));
            }
        }
        Ok(findings)
    }

    fn scan_into(&self, haystack: &[u8], packed: &[Packing], findings: &mut BTreeSet<Finding>) {
        for found in self.automaton.find_overlapping_iter(haystack) {
            let (secret, spelling) = self.patterns[found.pattern().as_usize()].clone();
            findings.insert(Finding { secret, spelling, packed: packed.to_vec() });
        }
        if packed.len() < DEPTH {
            for (packing, content) in packing::unpack(haystack) {
                self.scan_into(&content, &[packed, &[packing]].concat(), findings);
            }
        }
    }
}

/// All files in a folder and the folders in it.
pub fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut all = Vec::new();
    if !path.is_dir() {
        // A socket holds nothing.
        return Ok(all);
    }
    for entry in fs::read_dir(path)? {
        all.extend(files(&entry?.path())?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"Quetzal \xff?>~ 7f3a91c4e8";

    fn scanner() -> Scanner {
        Scanner::new(&[Secret::new("it", SECRET)])
    }

    /// Noise around it, so that nothing is found only because it stands alone.
    fn planted(bytes: &[u8]) -> Vec<u8> {
        [b"noise \x78\x9c\x1f\x8b and more ", bytes, b" and an end"].concat()
    }

    #[test]
    fn every_spelling_is_found_when_it_is_planted_in_clear() {
        for spelling in Spelling::ALL {
            for before in 0..3 {
                // What stands before it in the same base64 text shifts its bits.
                let together = [vec![b'x'; before], SECRET.to_vec(), b"after".to_vec()].concat();
                let found = scanner().scan(&planted(&spelling.spell(&together)));
                let expected = Finding { secret: "it".to_owned(), spelling, packed: Vec::new() };
                assert!(found.contains(&expected), "{spelling:?}, {before} before: {found:?}");
            }
        }
    }

    #[test]
    fn every_packing_is_opened() {
        for packing in Packing::ALL {
            let content = planted(&Spelling::HexLower.spell(SECRET));
            let mut haystack = packing.pack(&content);
            if packing != Packing::Deflate {
                haystack = planted(&haystack);
            }
            let found = scanner().scan(&haystack);
            let expected =
                Finding { secret: "it".to_owned(), spelling: Spelling::HexLower, packed: vec![packing] };
            assert!(found.contains(&expected), "{packing:?}: {found:?}");
        }
    }

    #[test]
    fn a_packing_in_base64_in_an_http_body_is_opened() {
        let inner = Spelling::Base64Url.spell(&Packing::Gzip.pack(&planted(SECRET)));
        let message = [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), Packing::Deflate.pack(&inner)].concat();
        let found = scanner().scan(&message);
        let packed = vec![Packing::Deflate, Packing::Gzip];
        assert!(found.contains(&Finding { secret: "it".to_owned(), spelling: Spelling::Raw, packed }));
    }

    #[test]
    fn nothing_is_found_where_nothing_is() {
        assert!(scanner().scan(&planted(b"Quetzal 7f3a91c4e9")).is_empty());
    }
}
