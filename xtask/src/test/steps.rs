//! The steps of a run, in the order in which they fail fastest.

use std::io::{BufRead, BufReader, Write as _};
use std::process::Stdio;

use super::report::Outcome;
use super::summary::Counts;
use super::{Arguments, TestError, dependencies};
use crate::cargo::{self, CargoError};

/// One thing to check.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Formatting,
    Dependencies,
    Lints,
    Documentation,
    Licences,
    Tests { filter: Option<String> },
}

/// The steps that `arguments` ask for. The tests are last, so that their summary is at the end.
pub(crate) fn plan(arguments: &Arguments) -> Vec<Step> {
    let tests = Step::Tests { filter: arguments.filter.clone() };
    if arguments.no_lint {
        return vec![tests];
    }
    vec![Step::Formatting, Step::Dependencies, Step::Lints, Step::Documentation, Step::Licences, tests]
}

impl Step {
    /// What a person reads while the step runs.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Formatting => "formatting",
            Self::Dependencies => "directions of dependencies",
            Self::Lints => "clippy",
            Self::Documentation => "documentation",
            Self::Licences => "licences and sources",
            Self::Tests { .. } => "tests",
        }
    }

    /// Carries the step out; only the tests add to `counts`.
    pub(crate) fn run(&self, counts: &mut Counts) -> Result<Outcome, TestError> {
        match self {
            Self::Formatting => Ok(formatting()),
            Self::Dependencies => Ok(dependencies::check()?),
            Self::Lints => Ok(lints()),
            Self::Documentation => Ok(Outcome::of(cargo::run(&["doc", "--workspace", "--no-deps"]))),
            Self::Licences => Ok(licences()),
            Self::Tests { filter } => tests(filter.as_deref(), counts),
        }
    }
}

fn formatting() -> Outcome {
    if !cargo::has("fmt") {
        return Outcome::LeftOut { install: "rustup component add rustfmt" };
    }
    Outcome::of(cargo::run(&["fmt", "--all", "--check"]))
}

fn lints() -> Outcome {
    if !cargo::has("clippy") {
        return Outcome::LeftOut { install: "rustup component add clippy" };
    }
    Outcome::of(cargo::run(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn licences() -> Outcome {
    if !cargo::has("deny") {
        return Outcome::LeftOut { install: "cargo install --locked cargo-deny" };
    }
    Outcome::of(cargo::run(&["deny", "check", "bans", "licenses", "sources"]))
}

/// Unit, integration and documentation tests; passes the runner's lines on and reads its totals.
fn tests(filter: Option<&str>, counts: &mut Counts) -> Result<Outcome, TestError> {
    let mut arguments = vec!["test", "--workspace", "--no-fail-fast"];
    arguments.extend(filter);
    let mut runner =
        cargo::command().args(&arguments).stdout(Stdio::piped()).spawn().map_err(CargoError::NotStarted)?;
    if let Some(output) = runner.stdout.take() {
        let mut ours = std::io::stdout().lock();
        for line in BufReader::new(output).split(b'\n') {
            let line = line?;
            counts.add(&String::from_utf8_lossy(&line));
            ours.write_all(&line)?;
            ours.write_all(b"\n")?;
        }
    }
    let status = runner.wait()?;
    let refusal = || CargoError::Refused { arguments: arguments.join(" ") };
    Ok(Outcome::of(if status.success() { Ok(()) } else { Err(refusal()) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_come_last_and_carry_the_filter() {
        let arguments = Arguments { filter: Some("commit".to_owned()), no_lint: false };
        let steps = plan(&arguments);
        assert_eq!(steps.last(), Some(&Step::Tests { filter: Some("commit".to_owned()) }));
        assert_eq!(steps.len(), 6);
    }

    #[test]
    fn without_lints_only_the_tests_run() {
        let arguments = Arguments { filter: None, no_lint: true };
        assert_eq!(plan(&arguments), [Step::Tests { filter: None }]);
    }
}
