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
    /// How much of it is the same, while all was.
    same: usize,
    /// The new part, from the first difference on.
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
        Self { stored, index: 0, old: part(stored, 0), same: 0, fresh: None, changed: Vec::new() }
    }

    /// The next bytes of the encoding.
    #[inline]
    pub(super) fn write(&mut self, bytes: &[u8]) {
        if self.fresh.is_none() {
            if self.old.get(self.same..).is_some_and(|rest| rest.starts_with(bytes)) {
                self.same += bytes.len();
                return;
            }
            self.differ();
        }
        if let Some(fresh) = &mut self.fresh {
            append(fresh, bytes);
        }
    }

    #[cold]
    fn differ(&mut self) {
        let mut fresh = Zeroizing::new(Vec::with_capacity(self.old.len().max(MINIMUM) + MINIMUM));
        fresh.extend_from_slice(self.old.get(..self.same).unwrap_or_default());
        self.fresh = Some(fresh);
    }

    /// Ends a part; the next byte belongs to another one.
    pub(super) fn cut(&mut self) {
        // A part of which the stored one has only more is different, too; and a part that is empty must exist.
        if self.fresh.is_none() && (self.same < self.old.len() || self.index >= self.stored.len()) {
            self.differ();
        }
        if let Some(fresh) = self.fresh.take() {
            self.changed.push((self.index, fresh));
        }
        self.index += 1;
        self.old = part(self.stored, self.index);
        self.same = 0;
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
    fn fewer_parts_are_counted() {
        assert_eq!(changed(&["ab", "cd", "ef"], &["ab"]), (1, vec![]));
    }
}
