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

#[cfg(test)]
mod tests {
    //! Whatever is written, kept, confirmed, undone and reloaded: the group is what a copy of all of it would have been.

    use std::collections::HashMap;

    use infrasound_spec::conversation::ConversationId;
    use openmls_traits::storage::{CURRENT_VERSION, Entity, Key, StorageProvider as _, traits};
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::{
        conversation::Conversation,
        journal::{Batch, RecordName, Scope, SealedRecord, Sealer, StorageKey},
    };

    /// A value in parts, as the message secrets are.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Value {
        leaf_nodes: Vec<u16>,
    }

    #[derive(Serialize)]
    struct Name(u8);

    impl Entity<CURRENT_VERSION> for Value {}
    impl traits::MessageSecrets<CURRENT_VERSION> for Value {}
    impl Key<CURRENT_VERSION> for Name {}
    impl traits::GroupId<CURRENT_VERSION> for Name {}

    type Model = BTreeMap<u8, Value>;

    #[derive(Clone, Debug)]
    enum Act {
        Write(u8, Vec<u16>),
        Delete(u8),
        Keep,
        Confirm(usize),
        Void(usize),
        Save,
        Crash,
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            6 => (0..4_u8, prop::collection::vec(0..3_u16, 0..60)).prop_map(|(name, value)| Act::Write(name, value)),
            2 => (0..4_u8).prop_map(Act::Delete),
            3 => Just(Act::Keep),
            1 => (0..4_usize).prop_map(Act::Confirm),
            1 => (0..4_usize).prop_map(Act::Void),
            2 => Just(Act::Save),
            1 => Just(Act::Crash),
        ]
    }

    /// The simple implementation: everything, copied before each commit.
    #[derive(Clone, Default)]
    struct Copies {
        now: Model,
        kept: BTreeMap<u64, Model>,
    }

    struct World {
        sealer: Sealer,
        conversation: Conversation,
        writes: WriteSet,
        journal: HashMap<(Scope, RecordName), Vec<u8>>,
        copies: Copies,
        /// The same at the end of the last step, which is where a crash goes back to.
        durable: Copies,
        commits: u64,
    }

    fn conversation() -> Conversation {
        let other = Some("https://b.example/users/bob".parse().unwrap());
        Conversation::new(ConversationId::from_bytes([2; 32]), other)
    }

    impl World {
        fn new() -> Self {
            Self {
                sealer: Sealer::new(&StorageKey::from_bytes([1; 32])),
                conversation: conversation(),
                writes: WriteSet::default(),
                journal: HashMap::new(),
                copies: Copies::default(),
                durable: Copies::default(),
                commits: 0,
            }
        }

        fn carry_out(&mut self, act: Act) {
            let commit = |number: usize| self.copies.kept.keys().copied().nth(number);
            match act {
                Act::Write(name, leaf_nodes) => {
                    let value = Value { leaf_nodes };
                    self.conversation.store.write_message_secrets(&Name(name), &value).unwrap();
                    self.copies.now.insert(name, value);
                }
                Act::Delete(name) => {
                    self.conversation.store.delete_message_secrets(&Name(name)).unwrap();
                    self.copies.now.remove(&name);
                }
                Act::Keep => {
                    self.commits += 1;
                    self.conversation.keep_group(self.commits, &mut self.writes);
                    self.copies.kept.insert(self.commits, self.copies.now.clone());
                }
                Act::Confirm(number) => {
                    let Some(commit) = commit(number) else { return };
                    self.conversation.drop_kept(commit, &mut self.writes);
                    self.copies.kept.retain(|kept, _| *kept > commit);
                }
                Act::Void(number) => {
                    let Some(commit) = commit(number) else { return };
                    self.conversation.restore_kept(commit, &mut self.writes).unwrap();
                    self.copies.now = self.copies.kept[&commit].clone();
                    self.copies.kept.retain(|kept, _| *kept < commit);
                }
                Act::Save => self.save(),
                Act::Crash => self.crash(),
            }
        }

        fn save(&mut self) {
            self.conversation.save(&mut self.writes);
            let writes = std::mem::take(&mut self.writes);
            let Batch { put, delete } = writes.seal(&self.sealer, &mut rand_core::OsRng);
            self.journal.extend(put.into_iter().map(|(scope, name, value)| ((scope, name), value)));
            for place in delete {
                self.journal.remove(&place);
            }
            self.durable = self.copies.clone();
        }

        fn crash(&mut self) {
            let records = self.journal.iter().map(|((scope, name), value)| {
                let record = SealedRecord { name: *name, value: value.clone() };
                self.sealer.open(*scope, &record).unwrap()
            });
            let (id, other) = (self.conversation.id, self.conversation.state.other.clone());
            self.conversation = Conversation::load(id, other, records.collect()).unwrap();
            self.writes = WriteSet::default();
            self.copies = self.durable.clone();
        }

        fn check(&self) {
            for name in 0..4 {
                let read: Option<Value> = self.conversation.store.message_secrets(&Name(name)).unwrap();
                assert_eq!(read.as_ref(), self.copies.now.get(&name));
            }
        }

        /// Once nothing is provisional, nothing of what was is left.
        fn check_nothing_is_left(&mut self) {
            self.conversation.drop_kept(u64::MAX - 1, &mut self.writes);
            self.save();
            let kept = self.journal.iter().filter(|((scope, name), value)| {
                let record = SealedRecord { name: *name, value: (*value).clone() };
                self.sealer.open(*scope, &record).unwrap().0.starts_with(KEPT)
            });
            assert_eq!(kept.count(), 0);
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_is_what_a_copy_of_everything_would_be(
            acts in prop::collection::vec(act(), 1..60),
        ) {
            let mut world = World::new();
            for act in acts {
                world.carry_out(act);
                world.check();
            }
            world.save();
            world.crash();
            world.check();
            world.check_nothing_is_left();
        }
    }
}
