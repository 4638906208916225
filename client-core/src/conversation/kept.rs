//! How the group was before each commit that is provisional: of every record that has changed since, what stood there.
//!
//! So a commit costs what it changes, whatever the size of the group, and its undoing is exact. A record is in the
//! journal twice only while a commit that changed it is provisional; once that is confirmed, the old secrets are gone.
//!
//! Spec: `journal.md` 3.

use std::collections::{BTreeMap, BTreeSet};

use zeroize::Zeroizing;

use crate::{
    journal::{Place, WriteSet},
    mls::store::Changes,
};

const KEPT: &[u8] = b"before/";
/// The first byte of a value says whether there was one.
const ABSENT: u8 = 0;
const PRESENT: u8 = 1;

/// By the number of each provisional commit: what it, and what came after it until the next one, has changed.
#[derive(Default)]
pub(super) struct Kept {
    before: BTreeMap<u64, Changes>,
    /// Records that are to be written or deleted in the journal.
    dirty: BTreeSet<(u64, Vec<u8>)>,
}

impl Kept {
    /// Takes a record of the journal in, if it is one of these.
    pub(super) fn load(&mut self, name: &[u8], value: &[u8]) -> bool {
        let Some((commit, key)) = name.strip_prefix(KEPT).and_then(<[u8]>::split_first_chunk) else {
            return false;
        };
        let level = self.before.entry(u64::from_be_bytes(*commit)).or_default();
        match value.split_first() {
            Some((&PRESENT, value)) => level.insert(key.to_vec(), Some(Zeroizing::new(value.to_vec()))),
            Some((&ABSENT, [])) if !key.is_empty() => level.insert(key.to_vec(), None),
            // The mark that a commit began.
            _ => None,
        };
        true
    }

    /// From here on, what changes comes from this commit or rests on it.
    pub(super) fn begin(&mut self, commit: u64) {
        self.before.insert(commit, Changes::new());
        // A commit that changes nothing is kept as well.
        self.dirty.insert((commit, Vec::new()));
    }

    /// Something has changed; this is what stood there before. The first word counts.
    pub(super) fn add(&mut self, before: Changes) {
        let Some(mut last) = self.before.last_entry() else { return };
        let commit = *last.key();
        for (name, old) in before {
            if !last.get().contains_key(&name) {
                self.dirty.insert((commit, name.clone()));
                last.get_mut().insert(name, old);
            }
        }
    }

    /// The commit and those before it stay: what was before them is forgotten.
    pub(super) fn confirm(&mut self, commit: u64) {
        let later = self.before.split_off(&commit.saturating_add(1));
        let confirmed = std::mem::replace(&mut self.before, later);
        self.forget(confirmed);
    }

    /// The commit and those after it go: what is to be put back, if it is known.
    pub(super) fn undo(&mut self, commit: u64) -> Option<Changes> {
        let undone = self.before.split_off(&commit);
        let known = undone.contains_key(&commit);
        let mut before = Changes::new();
        for (name, old) in undone.values().flatten() {
            // What stood there before the first of them.
            before.entry(name.clone()).or_insert_with(|| old.clone());
        }
        self.forget(undone);
        known.then_some(before)
    }

    /// There is no group any more.
    pub(super) fn clear(&mut self) {
        let all = std::mem::take(&mut self.before);
        self.forget(all);
    }

    fn forget(&mut self, levels: BTreeMap<u64, Changes>) {
        for (commit, level) in levels {
            self.dirty.insert((commit, Vec::new()));
            self.dirty.extend(level.into_keys().map(|name| (commit, name)));
        }
    }

    /// Writes what is new, deletes what is gone.
    pub(super) fn save(&mut self, writes: &mut WriteSet, place: &Place) {
        for (commit, key) in std::mem::take(&mut self.dirty) {
            let name = [KEPT, &commit.to_be_bytes(), &key].concat();
            let level = self.before.get(&commit);
            match (level, level.and_then(|level| level.get(&key))) {
                (Some(_), Some(Some(old))) => {
                    writes.put(place.clone(), name, [[PRESENT].as_slice(), old].concat());
                }
                (Some(_), Some(None)) => writes.put(place.clone(), name, vec![ABSENT]),
                (Some(_), None) if key.is_empty() => writes.put(place.clone(), name, vec![ABSENT]),
                _ => writes.delete(place.clone(), name),
            }
        }
    }
}
