//! `cargo xtask doctor`: what this machine has, what is missing, and how to get it.

mod checks;
mod report;

use std::process::ExitCode;

use crate::terminal::Terminal;

/// Says what this machine lacks for building, testing and measuring, and how to get it
///
/// Ends with exit code 1 if something is missing without which Infrasound cannot be built or tested.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
}

/// Looks, and prints what was found.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, serde_json::Error> {
    let findings = checks::all();
    let text = if arguments.json {
        serde_json::to_string_pretty(&report::document(&findings))?
    } else {
        report::table(&findings, Terminal::detect())
    };
    println!("{text}");
    Ok(if report::is_ready(&findings) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
