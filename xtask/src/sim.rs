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
    /// How many seeds
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Devices of a world, at most
    #[arg(long, default_value_t = 5)]
    devices: usize,
    /// Break one thing after the other on purpose, and find a seed that shows it
    #[arg(long)]
    mutants: bool,
}

/// Builds and runs.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, CargoError> {
    let Arguments { seeds, seed, devices, mutants } = arguments;
    cargo::run(&["build", "--release", "-p", "infrasound-tests", "--bin", "sim"])?;
    let numbers = [seeds.to_string(), seed.to_string(), devices.to_string()];
    let [seeds, seed, devices] = numbers.each_ref().map(String::as_str);
    let mut options = vec!["--seeds", seeds, "--seed", seed, "--devices", devices];
    options.extend(mutants.then_some("--mutants"));
    let ran = cargo::run(
        &[&["run", "--release", "-p", "infrasound-tests", "--bin", "sim", "--"], options.as_slice()].concat(),
    );
    // What failed was told by the one that ran.
    Ok(if ran.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
