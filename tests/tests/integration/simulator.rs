//! Simulated worlds. `cargo xtask sim` runs as many as one likes, and makes the plan of a failing seed smaller.

use infrasound_spec::time::DAY;
use infrasound_tests::sim::{campaign::Campaign, plan::Plan, run, run::beginning};

const SEEDS: u64 = 50;
const DEVICES: usize = 5;

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
