//! Simulated worlds. `cargo xtask sim` runs as many as one likes, and makes the plan of a failing seed smaller.

use infrasound_spec::time::DAY;
use infrasound_tests::sim::{campaign::Campaign, plan::Plan, run, run::beginning};

/// The first of each range, and how many. Those between are worlds in which a hub lies, or a provisional commit waits for
/// people who never answer: what should happen there is not decided yet.
const RANGES: [(u64, u64); 2] = [(0, 6), (8, 6)];
const DEVICES: usize = 5;

#[test]
fn no_rule_is_broken_in_a_dozen_worlds() {
    for (first, seeds) in RANGES {
        let campaign = Campaign { first, seeds, devices: DEVICES, failures: 1 };
        let outcome = campaign.run(beginning(), |_| ());
        if let Some((plan, report)) = outcome.failed.first() {
            panic!("{plan}{:?}\nagain: cargo xtask sim --seeds 1 --seed {}", report.violation, plan.seed);
        }
        assert_eq!(outcome.seeds, seeds);
        // Worlds in which nothing happens prove nothing.
        assert!(outcome.steps > 300 * seeds, "{} steps", outcome.steps);
    }
}

#[test]
fn the_same_seed_is_the_same_world() {
    for seed in 1..4 {
        let plan = Plan::of(seed, DEVICES);
        let (one, two) = (run(&plan, beginning()), run(&plan, beginning()));
        assert_eq!((one.trace, one.steps), (two.trace, two.steps), "seed {seed}");
        // Nor does it matter when the world began, but for the times that are written in it.
        let other_day = run(&plan, beginning().plus_millis(DAY));
        assert_eq!(one.steps, other_day.steps, "seed {seed}");
        assert_ne!(one.trace, run(&Plan::of(seed + 100, DEVICES), beginning()).trace);
    }
}
