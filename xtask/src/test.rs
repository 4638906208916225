//! `cargo xtask test`: everything that must hold before a change goes in, in one command.
//!
//! Every step runs, even after one that failed: one run says all that is wrong. What cannot run on this
//! machine is left out by name, with what to install; nothing is skipped silently.

mod core_in_wasm;
mod dependencies;
mod prerequisites;
mod report;
mod schemathesis;
mod steps;
mod summary;

use std::io;
use std::process::ExitCode;
use std::time::Instant;

use thiserror::Error;

use crate::terminal::Terminal;
pub(crate) use core_in_wasm::TARGET as WASI;
use report::Outcome;
use summary::Counts;

/// Checks formatting, lints and dependencies, and runs every test
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Run only the tests whose name contains this
    filter: Option<String>,
    /// Run the tests only: no formatting, lints, documentation or dependency checks
    #[arg(long)]
    no_lint: bool,
}

/// Why the run could not be carried through.
#[derive(Debug, Error)]
pub(crate) enum TestError {
    #[error(transparent)]
    Cargo(#[from] crate::cargo::CargoError),
    #[error("the test runner's output could not be read")]
    Output(#[from] io::Error),
    #[error(transparent)]
    Prerequisites(#[from] prerequisites::PrerequisiteError),
}

/// Runs all steps, and fails if one of them failed.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, TestError> {
    let terminal = Terminal::detect();
    prerequisites::provide()?;
    let steps = steps::plan(arguments);
    let mut counts = Counts::default();
    let mut outcomes = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        report::begin(index, steps.len(), step.name(), terminal);
        let start = Instant::now();
        let outcome = step.run(&mut counts)?;
        report::end(index, steps.len(), step.name(), &outcome, start.elapsed(), terminal);
        outcomes.push((step.name(), outcome));
    }
    report::finish(&outcomes, &counts, terminal);
    let has_failed =
        counts.failed > 0 || outcomes.iter().any(|(_, outcome)| matches!(outcome, Outcome::Failed(_)));
    Ok(if has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
