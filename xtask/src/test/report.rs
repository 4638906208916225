//! What a person, or CI's log, sees of a run.

use std::io::{self, Write as _};
use std::time::Duration;

use super::summary::Counts;
use crate::cargo::CargoError;
use crate::terminal::Terminal;

/// How a step ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Passed,
    Failed(String),
    /// It cannot run on this machine until somebody installs something.
    LeftOut {
        install: &'static str,
    },
}

impl Outcome {
    /// A step that consists of one cargo command.
    pub(crate) fn of(result: Result<(), CargoError>) -> Self {
        match result {
            Ok(()) => Self::Passed,
            Err(error) => Self::Failed(error.to_string()),
        }
    }
}

/// Announces a step before its output.
pub(crate) fn begin(index: usize, steps: usize, name: &str, terminal: Terminal) {
    println!("{}", terminal.bold(&format!("[{}/{steps}] {name} …", index + 1)));
    flush();
}

/// Says how a step ended and how long it took.
pub(crate) fn end(
    index: usize,
    steps: usize,
    name: &str,
    outcome: &Outcome,
    took: Duration,
    terminal: Terminal,
) {
    let place = format!("[{}/{steps}] {name}", index + 1);
    let took = terminal.dim(&format!("{:.1} s", took.as_secs_f64()));
    println!("{place}: {}  {took}\n", sentence(outcome, terminal));
    flush();
}

/// Repeats what failed and what was left out; the tests' totals are the last line.
pub(crate) fn finish(outcomes: &[(&str, Outcome)], counts: &Counts, terminal: Terminal) {
    for (name, outcome) in outcomes.iter().filter(|(_, outcome)| !matches!(outcome, Outcome::Passed)) {
        println!("{name}: {}", sentence(outcome, terminal));
    }
    println!("{counts}");
    flush();
}

fn sentence(outcome: &Outcome, terminal: Terminal) -> String {
    match outcome {
        Outcome::Passed => format!("{} passed", terminal.mark(true)),
        Outcome::Failed(why) => format!("{} failed: {why}", terminal.mark(false)),
        Outcome::LeftOut { install } => format!("{} left out; to have it: {install}", terminal.yellow("–")),
    }
}

/// Cargo writes to standard error: without this, the two would not stay in order.
fn flush() {
    // A closed output is no reason to stop testing.
    let _ = io::stdout().flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_says_how_to_have_it() {
        let text = sentence(&Outcome::LeftOut { install: "cargo install tool" }, Terminal::plain());
        assert_eq!(text, "– left out; to have it: cargo install tool");
    }

    #[test]
    fn a_failed_command_is_named() {
        let outcome = Outcome::of(Err(CargoError::Refused { arguments: "fmt".to_owned() }));
        assert_eq!(sentence(&outcome, Terminal::plain()), "✗ failed: `cargo fmt` failed");
    }
}
