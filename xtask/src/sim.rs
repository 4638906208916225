//! `cargo xtask sim`: simulated worlds, as many as one likes, each from a seed.
//!
//! The simulating is done by a release binary of the tests crate.

use std::process::ExitCode;

use crate::cargo::{self, CargoError};

/// Runs simulated worlds, and makes the plan of a failing seed smaller
///
/// A seed decides everything that happens in its world. Ends with exit code 1 if a rule was broken.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How many seeds [default: 100; with --seed, that one]
    #[arg(long)]
    seeds: Option<u64>,
    /// The first seed
    #[arg(long, conflicts_with = "mutants")]
    seed: Option<u64>,
    /// Devices of a world, at most [default: 5]
    #[arg(long)]
    devices: Option<usize>,
    /// Break one thing after the other on purpose, and find a seed that shows it
    #[arg(long)]
    mutants: bool,
}

/// Builds and runs.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, CargoError> {
    cargo::run(&["build", "--release", "-p", "infrasound-tests", "--bin", "sim"])?;
    let numbers = [
        ("--seeds", arguments.seeds.map(|seeds| seeds.to_string())),
        ("--seed", arguments.seed.map(|seed| seed.to_string())),
        ("--devices", arguments.devices.map(|devices| devices.to_string())),
    ];
    let mut command = vec!["run", "--release", "-p", "infrasound-tests", "--bin", "sim", "--"];
    for (option, number) in &numbers {
        command.extend(number.iter().flat_map(|number| [*option, number.as_str()]));
    }
    command.extend(arguments.mutants.then_some("--mutants"));
    let ran = cargo::run(&command);
    // What failed was told by the one that ran.
    Ok(if ran.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
