//! Key packages: uploading one's own, claiming somebody's. Spec: `key-packages.md`.

pub(crate) mod claim;
pub(crate) mod claim_many;
pub(crate) mod count;
pub(crate) mod upload;
