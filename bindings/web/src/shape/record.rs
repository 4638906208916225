//! Records of the journal.

use infrasound_core::journal::{Batch, RecordName, Scope, SealedRecord};
use serde::{Deserialize, Serialize};

/// A record as the host gives it back.
#[derive(Deserialize)]
pub(crate) struct StoredRecord {
    #[serde(with = "serde_bytes")]
    name: [u8; 16],
    #[serde(with = "serde_bytes")]
    value: Vec<u8>,
}

impl From<StoredRecord> for SealedRecord {
    fn from(record: StoredRecord) -> Self {
        Self { name: RecordName(record.name), value: record.value }
    }
}

/// A record to write.
#[derive(Debug, Serialize)]
pub(crate) struct Put {
    #[serde(with = "serde_bytes")]
    scope: [u8; 16],
    #[serde(with = "serde_bytes")]
    name: [u8; 16],
    #[serde(with = "serde_bytes")]
    value: Vec<u8>,
}

/// A record to delete.
#[derive(Debug, Serialize)]
pub(crate) struct Delete {
    #[serde(with = "serde_bytes")]
    scope: [u8; 16],
    #[serde(with = "serde_bytes")]
    name: [u8; 16],
}

/// The two parts of a batch.
pub(crate) fn parts(batch: Batch) -> (Vec<Put>, Vec<Delete>) {
    let put =
        |(scope, name, value): (Scope, RecordName, Vec<u8>)| Put { scope: scope.0, name: name.0, value };
    let delete = |(scope, name): (Scope, RecordName)| Delete { scope: scope.0, name: name.0 };
    (batch.put.into_iter().map(put).collect(), batch.delete.into_iter().map(delete).collect())
}
