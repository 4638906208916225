//! Deliberate breaks, one for each of the first seven rules that always hold (design, section 9). With them the simulator
//! proves that it would notice: each has a seed under which it is found (`cargo xtask sim --mutants`).
//!
//! Without the feature `mutants`, which only the simulator switches on, there are none, and the questions cost nothing.

/// A deliberate break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// Rule 1: now and then the hub answers what it has not committed.
    AnswersUncommitted,
    /// Rule 2: a device is in the epoch that its commit makes before the hub has taken that.
    MergesEarly,
    /// Rule 3: the hub delivers to whoever was in a conversation once.
    DeliversToRemoved,
    /// Rule 4: requests leave a device before its state is durable.
    SendsFirst,
    /// Rule 5: a message is from whom the hub names.
    TrustsSubmitter,
    /// Rule 6: neither hub nor members look at a group's policy.
    IgnoresPolicy,
    /// Rule 7: a wish whose submission came too late is forgotten.
    ForgetsLate,
}

impl Mutant {
    /// All of them, in the order of their rules.
    pub const ALL: [Self; 7] = [
        Self::AnswersUncommitted,
        Self::MergesEarly,
        Self::DeliversToRemoved,
        Self::SendsFirst,
        Self::TrustsSubmitter,
        Self::IgnoresPolicy,
        Self::ForgetsLate,
    ];
}

#[cfg(feature = "mutants")]
mod chosen {
    use std::cell::Cell;

    use super::Mutant;

    thread_local! {
        static CHOSEN: Cell<Option<Mutant>> = const { Cell::new(None) };
    }

    /// Breaks something, or nothing, in what runs on this thread from now on.
    pub fn choose(mutant: Option<Mutant>) {
        CHOSEN.set(mutant);
    }

    /// What is broken on this thread.
    pub fn chosen() -> Option<Mutant> {
        CHOSEN.get()
    }

    /// Whether this is what is broken.
    #[inline]
    pub fn is(mutant: Mutant) -> bool {
        CHOSEN.get() == Some(mutant)
    }
}

#[cfg(feature = "mutants")]
pub use chosen::{choose, chosen, is};

/// Nothing can be broken.
#[cfg(not(feature = "mutants"))]
#[inline]
pub const fn choose(_mutant: Option<Mutant>) {}

/// Nothing is broken.
#[cfg(not(feature = "mutants"))]
#[inline]
#[must_use]
pub const fn chosen() -> Option<Mutant> {
    None
}

/// Nothing is broken.
#[cfg(not(feature = "mutants"))]
#[inline]
#[must_use]
pub const fn is(_mutant: Mutant) -> bool {
    false
}
