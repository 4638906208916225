//! Simulated worlds. `cargo xtask sim` runs as many as one likes, and makes the plan of a failing seed smaller.

use std::thread;

use infrasound_spec::{mutant::Mutant, time::DAY};
use infrasound_tests::sim::{campaign::Campaign, mutants, plan::Plan, run, run::beginning};

const SEEDS: u64 = 50;
const DEVICES: usize = 5;
const FOUND_BY: [(Mutant, u64); 7] = [
    (Mutant::AnswersUncommitted, 0),
    (Mutant::MergesEarly, 14),
    (Mutant::DeliversToRemoved, 25),
    (Mutant::SendsFirst, 0),
    (Mutant::TrustsSubmitter, 15),
    (Mutant::IgnoresPolicy, 3),
    (Mutant::ForgetsLate, 24),
];

#[test]
fn no_rule_is_broken_in_fifty_worlds() {
    let campaign = Campaign { first: 0, seeds: SEEDS, devices: DEVICES, failures: 1 };
    let outcome = campaign.run(beginning(), |_| ());
    if let Some((plan, report)) = outcome.failed.first() {
        panic!("{plan}{:?}\nagain: cargo xtask sim --seed {}", report.violation, plan.seed);
    }
    assert_eq!(outcome.seeds, SEEDS);
    // Worlds in which nothing happens prove nothing.
    assert!(outcome.steps > 300 * SEEDS, "{} steps", outcome.steps);
}

#[test]
fn the_same_seed_is_the_same_world() {
    let start = beginning();
    for seed in 1..4 {
        let plan = Plan::of(seed, DEVICES);
        let (one, two) = (run(&plan, start), run(&plan, start));
        assert_eq!((one.trace, one.steps), (two.trace, two.steps), "seed {seed}");
        // Nor does it matter when the world began, but for the times that are written in it.
        let other_day = run(&plan, start.plus_millis(DAY));
        assert_eq!(one.steps, other_day.steps, "seed {seed}");
        assert_ne!(one.trace, run(&Plan::of(seed + 100, DEVICES), start).trace);
    }
}

/// For each rule a break of the product's own code, and a seed that shows it. Where the seed no longer does, because the
/// product or the worlds have changed, another one must: it is to be written above.
#[test]
fn what_is_broken_on_purpose_is_found() {
    assert_eq!(FOUND_BY.map(|(mutant, _)| mutant), Mutant::ALL);
    let find = |(mutant, seed): (Mutant, u64)| {
        let found = mutants::find(mutant, seed..seed + 1, DEVICES, beginning())
            .or_else(|| mutants::find(mutant, 0..SEEDS, DEVICES, beginning()));
        (mutant, found.map(|found| found.seed))
    };
    let found: Vec<(Mutant, Option<u64>)> = thread::scope(|scope| {
        let threads = FOUND_BY.map(|one| scope.spawn(move || find(one)));
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(found.iter().all(|(_, seed)| seed.is_some()), "{found:?}");
    println!("{found:?}");
}
