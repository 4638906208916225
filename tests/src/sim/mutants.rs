//! The proof that the simulator would notice: something is broken on purpose, and a seed is found that shows it.

use std::ops::Range;

use infrasound_spec::{mutant::Mutant, time::Timestamp};

use super::{
    plan::Plan,
    run::run,
    verdict::{Rule, Violation},
};

/// How a mutant was found.
#[derive(Debug)]
pub struct Found {
    /// By which seed.
    pub seed: u64,
    /// How.
    pub violation: Violation,
}

/// The rule that a mutant breaks.
pub fn rule_of(mutant: Mutant) -> Rule {
    match mutant {
        Mutant::AnswersUncommitted => Rule::Delivery,
        Mutant::MergesEarly => Rule::Agreement,
        Mutant::DeliversToRemoved => Rule::Secrecy,
        Mutant::SendsFirst => Rule::Durability,
        Mutant::TrustsSubmitter => Rule::Sender,
        Mutant::IgnoresPolicy => Rule::Policy,
        Mutant::ForgetsLate => Rule::Ending,
    }
}

/// Breaks something in the world of a seed.
fn broken(seed: u64, devices: usize, mutant: Mutant, start: Timestamp) -> Option<Violation> {
    run(&Plan { mutant: Some(mutant), ..Plan::of(seed, devices) }, start).violation
}

/// The first of these seeds in whose world a mutant breaks its own rule, and nothing is broken without it.
pub fn find(mutant: Mutant, mut seeds: Range<u64>, devices: usize, start: Timestamp) -> Option<Found> {
    seeds.find_map(|seed| {
        let violation = broken(seed, devices, mutant, start)?;
        shows(seed, devices, mutant, &violation, start).then_some(Found { seed, violation })
    })
}

/// Whether it is the mutant's rule that is broken, and the mutant that breaks it.
fn shows(seed: u64, devices: usize, mutant: Mutant, violation: &Violation, start: Timestamp) -> bool {
    violation.rule == rule_of(mutant) && run(&Plan::of(seed, devices), start).violation.is_none()
}
