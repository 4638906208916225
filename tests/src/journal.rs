//! A journal in memory: what would be on a device's disk.

use std::collections::BTreeMap;

use infrasound_core::journal::{Batch, RecordName, Scope, SealedRecord};

/// Records by scope and name.
#[derive(Clone, Debug, Default)]
pub struct Journal(BTreeMap<(Scope, RecordName), Vec<u8>>);

impl Journal {
    /// Takes a batch in, all of it.
    pub fn write(&mut self, batch: Batch) {
        self.0.extend(batch.put.into_iter().map(|(scope, name, value)| ((scope, name), value)));
        for key in batch.delete {
            self.0.remove(&key);
        }
    }

    /// The records of a scope.
    pub fn read(&self, scope: Scope) -> Vec<SealedRecord> {
        let (first, last) = ((scope, RecordName([0; 16])), (scope, RecordName([255; 16])));
        let records = self.0.range(first..=last);
        records.map(|((_, name), value)| SealedRecord { name: *name, value: value.clone() }).collect()
    }

    /// All of it, as one batch.
    pub fn as_batch(&self) -> Batch {
        let put = self.0.iter().map(|((scope, name), value)| (*scope, *name, value.clone())).collect();
        Batch { put, delete: Vec::new() }
    }

    /// Loses what is in a scope.
    pub fn lose(&mut self, scope: Scope) {
        self.0.retain(|(of, _), _| *of != scope);
    }

    /// The records without their places, as somebody finds them who has the disk.
    pub fn values(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.0.values()
    }
}
