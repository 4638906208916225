//! The sealed batch of a step, made as the core makes it.

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

use super::{
    journal::{Batch, Place, Sealer, StorageKey, WriteSet},
    member::{Member, Ours},
};

/// Seals what a step has changed.
pub(super) struct Sealing {
    sealer: Sealer,
    rng: ChaCha20Rng,
}

/// What is written to the journal, in bytes.
pub(super) fn size(batch: &Batch) -> usize {
    batch.put.iter().map(|(_, _, value)| value.len()).sum()
}

impl Sealing {
    pub(super) fn new() -> Self {
        Self { sealer: Sealer::new(&StorageKey::from_bytes([7; 32])), rng: ChaCha20Rng::seed_from_u64(1) }
    }

    /// The batch of everything that has changed in a member's storage since the last one.
    pub(super) fn seal(&mut self, member: &Member<Ours>) -> Batch {
        let place = Place::Conversation([1; 32]);
        let mut writes = WriteSet::default();
        for (key, part) in member.storage.store.take_changes().now {
            let name = [b"mls/".as_slice(), &key].concat();
            match part {
                Some(part) => writes.put(place.clone(), name, part),
                None => writes.delete(place.clone(), name),
            }
        }
        writes.seal(&self.sealer, &mut self.rng)
    }
}
