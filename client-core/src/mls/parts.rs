//! A stored value in parts: what is written is compared with what is stored, byte by byte as it comes, and only parts
//! that differ are kept. So a message into a group where everybody has spoken rewrites the one ratchet that moved.
//!
//! The parts of a value, joined, are its encoding: where it is cut is of no importance to who reads it.
//!
//! Spec: `journal.md` 3.

use zeroize::Zeroizing;

/// One part of an encoded value. Secrets may be in it.
pub(crate) type Part = Zeroizing<Vec<u8>>;

/// Takes the encoding of a value and compares it with the stored one.
pub(super) struct Comparing<'a> {
    stored: &'a [Part],
    /// The part that is written now.
    index: usize,
    /// What is stored there.
    old: &'a [u8],
    /// What of it is still to be compared: nothing any more, once something was different.
    rest: &'a [u8],
    /// The new part, once something was different.
    fresh: Option<Part>,
    changed: Vec<(usize, Part)>,
}

/// What is different in the new encoding.
pub(super) struct Difference {
    /// How many parts there are now.
    pub(super) count: usize,
    /// Those that changed, or are new, in order.
    pub(super) changed: Vec<(usize, Part)>,
}

impl<'a> Comparing<'a> {
    pub(super) fn with(stored: &'a [Part]) -> Self {
        let old = part(stored, 0);
        Self { stored, index: 0, old, rest: old, fresh: None, changed: Vec::new() }
    }

    /// The next byte of the encoding.
    #[inline]
    pub(super) fn byte(&mut self, byte: u8) {
        match self.rest.split_first() {
            Some((first, rest)) if *first == byte => self.rest = rest,
            _ => self.differ(&[byte]),
        }
    }

    /// The next bytes of the encoding.
    #[inline]
    pub(super) fn write(&mut self, bytes: &[u8]) {
        match self.rest.strip_prefix(bytes) {
            Some(rest) => self.rest = rest,
            None => self.differ(bytes),
        }
    }

    /// Of this part nothing is written: it is taken to be what is stored.
    #[inline]
    pub(super) fn skip(&mut self) {
        self.rest = &[];
    }

    /// The number of the part that is written now.
    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// These bytes are not those that are stored.
    fn differ(&mut self, bytes: &[u8]) {
        let fresh = self.fresh.get_or_insert_with(|| {
            let same = self.old.len() - self.rest.len();
            let mut fresh = Zeroizing::new(Vec::with_capacity(self.old.len().max(MINIMUM) + MINIMUM));
            fresh.extend_from_slice(self.old.get(..same).unwrap_or_default());
            fresh
        });
        self.rest = &[];
        append(fresh, bytes);
    }

    /// Ends a part; the next byte belongs to another one.
    #[inline]
    pub(super) fn cut(&mut self) {
        // A part of which the stored one has only more is different, too; and a part that is empty must exist.
        if self.fresh.is_none() && (!self.rest.is_empty() || self.index >= self.stored.len()) {
            self.differ(&[]);
        }
        if let Some(fresh) = self.fresh.take() {
            self.changed.push((self.index, fresh));
        }
        self.index += 1;
        self.old = part(self.stored, self.index);
        self.rest = self.old;
    }

    /// Ends the value.
    pub(super) fn finish(mut self) -> Difference {
        self.cut();
        Difference { count: self.index, changed: self.changed }
    }
}

const MINIMUM: usize = 128;

fn part(stored: &[Part], index: usize) -> &[u8] {
    stored.get(index).map_or(&[], |part| part.as_slice())
}

/// Grows by hand: a vector that grows by itself leaves copies of secrets behind.
fn append(part: &mut Part, bytes: &[u8]) {
    let needed = part.len() + bytes.len();
    if needed > part.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(needed.saturating_mul(2)));
        larger.extend_from_slice(part);
        *part = larger;
    }
    part.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(texts: &[&str]) -> Vec<Part> {
        texts.iter().map(|text| Zeroizing::new(text.as_bytes().to_vec())).collect()
    }

    /// Writes parts a byte at a time, and says which are taken for different.
    fn changed(stored: &[&str], now: &[&str]) -> (usize, Vec<usize>) {
        let stored = parts(stored);
        let mut comparing = Comparing::with(&stored);
        for (index, part) in now.iter().enumerate() {
            if index > 0 {
                comparing.cut();
            }
            part.bytes().for_each(|byte| comparing.write(&[byte]));
        }
        let difference = comparing.finish();
        for (index, part) in &difference.changed {
            assert_eq!(part.as_slice(), now[*index].as_bytes());
        }
        (difference.count, difference.changed.iter().map(|(index, _)| *index).collect())
    }

    #[test]
    fn what_is_the_same_is_not_written() {
        assert_eq!(changed(&["ab", "cd", "ef"], &["ab", "cd", "ef"]), (3, vec![]));
    }

    #[test]
    fn a_part_that_differs_anywhere_is_written_whole() {
        assert_eq!(changed(&["ab", "cd", "ef"], &["ab", "cX", "ef"]), (3, vec![1]));
        assert_eq!(changed(&["ab", "cd"], &["Xb", "cd"]), (2, vec![0]));
    }

    #[test]
    fn a_part_that_became_shorter_or_longer_is_written() {
        assert_eq!(changed(&["abc", "cd"], &["ab", "cd"]), (2, vec![0]));
        assert_eq!(changed(&["ab", "cd"], &["abc", "cd"]), (2, vec![0]));
        assert_eq!(changed(&["ab", "cd"], &["", "cd"]), (2, vec![0]));
    }

    #[test]
    fn parts_that_are_new_are_written_even_if_empty() {
        assert_eq!(changed(&["ab"], &["ab", "", "c"]), (3, vec![1, 2]));
        assert_eq!(changed(&[], &[""]), (1, vec![0]));
    }

    #[test]
    fn a_part_that_is_skipped_is_the_stored_one_unless_there_is_none() {
        let stored = parts(&["ab", "cd"]);
        let mut comparing = Comparing::with(&stored);
        comparing.write(b"ab");
        comparing.cut();
        comparing.skip();
        comparing.cut();
        comparing.skip();
        let Difference { count, changed } = comparing.finish();
        assert_eq!((count, changed.into_iter().map(|(index, _)| index).collect::<Vec<_>>()), (3, vec![2]));
    }

    #[test]
    fn fewer_parts_are_counted() {
        assert_eq!(changed(&["ab", "cd", "ef"], &["ab"]), (1, vec![]));
    }
}
