//! A rule that was broken, and how.

use std::fmt;

/// The rules that always hold (design, section 9), as far as the simulator checks them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// 1: what is acknowledged is delivered, once and in order.
    Delivery,
    /// 2: members of an epoch agree.
    Agreement,
    /// 3: who is not a member reads nothing.
    Secrecy,
    /// 4: nothing leaves before it is durable.
    Durability,
    /// 5: the sender is the owner of the leaf.
    Sender,
    /// 6: members change as the policy allows.
    Policy,
    /// 7: a wish ends.
    Ending,
    /// 8: nothing panics.
    Panic,
}

impl Rule {
    /// Its number in the design.
    pub fn number(self) -> u8 {
        self as u8 + 1
    }
}

/// A rule was broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {what}")]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// By what.
    pub what: String,
}

impl Violation {
    pub(super) fn new(rule: Rule, what: impl Into<String>) -> Self {
        Self { rule, what: what.into() }
    }
}

/// Fails if something is not as a rule says.
pub(super) fn require(holds: bool, rule: Rule, what: impl FnOnce() -> String) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(Violation::new(rule, what())) }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {}", self.number())
    }
}
