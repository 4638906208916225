//! `cargo xtask bench NAME`: measures, and shows each result beside its budget.
//!
//! The measuring is done by a release binary of the tests crate, which writes JSON; this adds the chart.

mod chart;
mod results;
mod scale;
mod web;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use clap::ValueEnum;
use thiserror::Error;

use crate::cargo::{self, CargoError};
use crate::terminal::{Terminal, padded};
use results::Report;

/// Measures, and writes target/bench/NAME.json and NAME.svg
///
/// Ends with exit code 1 if a budget is not met. The measured program is a release build.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to measure
    name: Bench,
}

/// The measurements there are.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Bench {
    /// The client core beside bare openmls
    Core,
    /// Large groups in the core's storage beside bare openmls
    Groups,
    /// The relay on SQLite beside the database alone and an endpoint that does nothing
    Relay,
    /// The web client beside the libraries that people would embed instead
    Web,
}

/// Why there is no result.
#[derive(Debug, Error)]
pub(crate) enum BenchError {
    #[error(transparent)]
    Cargo(#[from] CargoError),
    #[error(transparent)]
    Web(#[from] web::PrepareError),
    #[error("{} could not be read or written", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} is not a bench report", path.display())]
    Malformed { path: PathBuf, source: serde_json::Error },
}

/// Measures, draws, and prints.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, BenchError> {
    let name = match arguments.name {
        Bench::Core => "core",
        Bench::Groups => "groups",
        Bench::Relay => "relay",
        Bench::Web => "web",
    };
    let target = cargo::target_directory()?;
    let folder = target.join("bench");
    fs::create_dir_all(&folder).map_err(|source| BenchError::File { path: folder.clone(), source })?;
    let json = folder.join(format!("{name}.json"));
    let variables = match arguments.name {
        Bench::Web => web::prepare(&target)?,
        _ => Vec::new(),
    };
    measure(name, &json, &variables)?;
    let report = read(&json)?;
    let svg = folder.join(format!("{name}.svg"));
    fs::write(&svg, chart::draw(&report)).map_err(|source| BenchError::File { path: svg.clone(), source })?;
    print(&report, Terminal::detect());
    println!("{}\n{}", shown(&json), shown(&svg));
    Ok(if report.is_within_budgets() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn measure(name: &str, json: &Path, variables: &[(&str, PathBuf)]) -> Result<(), CargoError> {
    // A report of an earlier run must not be taken for this one's.
    let _ = fs::remove_file(json);
    let binary = format!("bench-{name}");
    let path = json.display().to_string();
    // The relay is measured as the program that an admin runs; it stands beside the one that measures.
    let packages = ["-p", "infrasound-relay", "-p", "infrasound-tests"];
    let programs = ["--bin", "infrasound-relay", "--bin", &binary];
    cargo::run(&[&["build", "--release"], &packages[..], &programs].concat())?;
    let run = ["run", "--release", "-p", "infrasound-tests", "--bin", &binary, "--", "--out", &path];
    cargo::run_with(&run, variables)
}

fn read(json: &Path) -> Result<Report, BenchError> {
    let text =
        fs::read_to_string(json).map_err(|source| BenchError::File { path: json.to_owned(), source })?;
    serde_json::from_str(&text).map_err(|source| BenchError::Malformed { path: json.to_owned(), source })
}

fn print(report: &Report, terminal: Terminal) {
    println!("{} on {}, {}", terminal.bold(&report.bench), report.machine, report.date);
    let width = report.results.iter().map(|result| result.name.chars().count()).max().unwrap_or(0);
    for result in &report.results {
        let mark = result.met.map_or_else(|| " ".to_owned(), |met| terminal.mark(met));
        println!("{mark} {}  {}", padded(&result.name, width), result.sentence());
    }
}

/// A path as a person would type it here.
fn shown(path: &Path) -> String {
    path.strip_prefix(cargo::workspace()).unwrap_or(path).display().to_string()
}
