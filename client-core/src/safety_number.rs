//! The safety number of two accounts: equal on both sides if both have the right keys.
//!
//! Spec: `identity.md` 6.

use infrasound_spec::account::{AccountKey, AccountUri, Handle};
use sha2::{Digest as _, Sha512};

/// Sixty digits that two people compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SafetyNumber {
    /// With whom.
    pub who: Handle,
    /// Twelve groups of five digits.
    pub groups: [String; 12],
    /// Whether the key in it is pinned here, from a conversation, rather than the relay's word.
    pub pinned: bool,
}

impl std::fmt::Display for SafetyNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.groups.join(" "))
    }
}

/// The digits for two accounts with their keys; the order does not matter. About 199 bits.
pub(crate) fn digits(one: (&AccountUri, &AccountKey), other: (&AccountUri, &AccountKey)) -> [String; 12] {
    let (first, second) = if one.0 <= other.0 { (one, other) } else { (other, one) };
    let mut hash = Sha512::new();
    hash.update(b"Infrasound 1.0 SafetyNumber");
    for (account, key) in [first, second] {
        hash.update(u64::try_from(account.as_str().len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(account.as_str());
        hash.update(key.as_bytes());
    }
    let hash = hash.finalize();
    std::array::from_fn(|group| {
        let number =
            hash[group * 5..group * 5 + 5].iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
        format!("{:05}", number % 100_000)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_see_the_same_number_and_another_key_changes_it() {
        let alice: AccountUri = "https://a.example/users/alice".parse().unwrap();
        let bob: AccountUri = "https://b.example/users/bob".parse().unwrap();
        let (key_a, key_b) = (AccountKey::from_bytes([1; 32]), AccountKey::from_bytes([2; 32]));
        let number = digits((&alice, &key_a), (&bob, &key_b));
        assert_eq!(number, digits((&bob, &key_b), (&alice, &key_a)));
        assert_ne!(number, digits((&alice, &key_a), (&bob, &AccountKey::from_bytes([3; 32]))));
        assert!(number.iter().all(|group| group.len() == 5));
        // Computed by another implementation, in Python.
        assert_eq!(
            number.join(" "),
            "80067 42110 32652 69171 59665 05758 45664 57889 35603 12605 41528 14106"
        );
    }
}
