//! Integers: JavaScript counts exactly up to 2^53 - 1.

use infrasound_spec::time::Timestamp;
use serde::{Deserialize, Serialize};

const MAX_SAFE: u64 = (1 << 53) - 1;

/// A count or a time. A larger one, which only a relay that lies can send, becomes the largest: nothing else of what is
/// said beside it gets lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Integer(u64);

impl From<u64> for Integer {
    fn from(number: u64) -> Self {
        Self(number.min(MAX_SAFE))
    }
}

impl From<usize> for Integer {
    fn from(number: usize) -> Self {
        u64::try_from(number).unwrap_or(MAX_SAFE).into()
    }
}

impl From<Timestamp> for Integer {
    fn from(time: Timestamp) -> Self {
        time.as_millis().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_javascript_cannot_count_is_the_largest_that_it_can() {
        let shown = |number: u64| serde_json::to_string(&Integer::from(number)).unwrap();
        assert_eq!(shown(7), "7");
        assert_eq!(shown(u64::MAX), "9007199254740991");
    }
}
