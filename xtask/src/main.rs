//! Developer commands, reached as `cargo xtask COMMAND`: one file, or one folder, for each.
//!
//! This crate depends on no crate of the project, so that it builds in seconds and can say what is missing
//! on a machine where nothing else builds yet.

mod bench;
mod cargo;
mod child;
mod demo;
mod doctor;
mod interrupt;
mod machine;
mod sim;
mod terminal;
mod test;
mod web;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Builds, shows, tests and measures Infrasound
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Bench(bench::Arguments),
    Demo(demo::Arguments),
    Doctor(doctor::Arguments),
    Sim(sim::Arguments),
    Test(test::Arguments),
    Web(web::Arguments),
}

fn main() -> ExitCode {
    run(Arguments::parse().command).unwrap_or_else(|failure| {
        eprintln!("error: {}", with_causes(failure.as_ref()));
        ExitCode::FAILURE
    })
}

fn run(command: Command) -> Result<ExitCode, Box<dyn Error>> {
    match command {
        Command::Bench(arguments) => Ok(bench::run(&arguments)?),
        Command::Demo(arguments) => Ok(demo::run(&arguments)?),
        Command::Doctor(arguments) => Ok(doctor::run(&arguments)?),
        Command::Sim(arguments) => Ok(sim::run(&arguments)?),
        Command::Test(arguments) => Ok(test::run(&arguments)?),
        Command::Web(arguments) => Ok(web::run(&arguments)?),
    }
}

fn with_causes(failure: &dyn Error) -> String {
    let mut text = failure.to_string();
    let mut cause = failure.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
