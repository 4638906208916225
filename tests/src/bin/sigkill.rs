//! Kills clients and the relay at random moments, many times, and counts what was lost: nothing may be.
//!
//! `cargo run -p infrasound-tests --bin sigkill -- --runs 1000 --seed 1`; a run is one conversation.

use std::{
    env,
    io::{self, Write as _},
    process::ExitCode,
    time::Instant,
};

use infrasound_tests::kill::{Campaign, Tally, run};

const AT_ONCE: u64 = 50;
const ACTIVITIES: u64 = 8;

fn main() -> io::Result<ExitCode> {
    let (runs, seed) = (argument("--runs", 50), argument("--seed", 1));
    let mut tally = Tally::default();
    let begun = Instant::now();
    while tally.runs < runs {
        let pairs = AT_ONCE.min(runs - tally.runs);
        let seed = seed + tally.runs;
        let counted = run(Campaign { pairs, activities: ACTIVITIES, seed });
        if !counted.holds() {
            writeln!(io::stderr(), "with the seed {seed} it does not hold:\n{counted}")?;
        }
        tally.add(counted);
        writeln!(io::stderr(), "{} of {runs} runs after {} s", tally.runs, begun.elapsed().as_secs())?;
    }
    writeln!(io::stdout(), "seed                          {seed}\n{tally}")?;
    Ok(if tally.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A number from the command line.
fn argument(name: &str, otherwise: u64) -> u64 {
    let given = env::args().skip_while(|argument| argument != name).nth(1);
    given.and_then(|number| number.parse().ok()).unwrap_or(otherwise)
}
