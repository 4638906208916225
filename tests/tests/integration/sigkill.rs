//! SIGKILL of clients and relay at random moments: what was acknowledged arrives once and in order, no ratchet generation
//! is used twice, no wish is forgotten.
//!
//! `cargo run -p infrasound-tests --bin sigkill -- --runs N --seed S` does the same as often as one likes. Crashes at
//! each single output of the core are in `crashes.rs`.

use infrasound_tests::kill::{Campaign, Tally, run};

const SEED: u64 = 20_261_123;
const CAMPAIGNS: u64 = 2;

/// Each conversation is a run; 25 at once share a relay, and its death.
#[test]
fn nothing_is_lost_in_fifty_runs_in_which_everything_is_killed() {
    let mut tally = Tally::default();
    for number in 0..CAMPAIGNS {
        tally.add(run(Campaign { pairs: 25, activities: 6, seed: SEED + number }));
    }
    assert!(tally.holds(), "seed {SEED}\n{tally}");
    assert_eq!(tally.runs, 50);
    // A storm that killed nobody, or in which nobody was heard, would prove nothing.
    assert!(tally.sender_kills > 100 && tally.receiver_kills > 50 && tally.relay_kills > 10, "{tally}");
    assert!(tally.acknowledged > 200 && tally.ciphertexts > tally.acknowledged / 2, "{tally}");
}
