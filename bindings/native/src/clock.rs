//! The one place where the host reads the system clock.

use std::time::{SystemTime, UNIX_EPOCH};

use infrasound_spec::time::Timestamp;

/// The time now. A clock before 1970 counts as 1970.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
