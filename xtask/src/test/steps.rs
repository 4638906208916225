//! The steps of a run, in the order in which they fail fastest.

use std::io::{BufRead, BufReader, Write as _};
use std::process::{Command, Stdio};

use super::report::Outcome;
use super::summary::Counts;
use super::{Arguments, TestError, core_in_wasm, dependencies, schemathesis};
use crate::cargo::{self, CargoError};
use crate::web;

/// One thing to check.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Formatting,
    Dependencies,
    Lints,
    Documentation,
    Licences,
    WebClient,
    Tests { filter: Option<String> },
    Document { filter: Option<String> },
    CoreInWasm { filter: Option<String> },
    Browsers { filter: Option<String> },
}

/// The steps that `arguments` ask for. The tests are last, so that their summary is at the end; before them the web client
/// is built, which the relay takes in.
pub(crate) fn plan(arguments: &Arguments) -> Vec<Step> {
    let filter = || arguments.filter.clone();
    let tests = [
        Step::WebClient,
        Step::Tests { filter: filter() },
        Step::Document { filter: filter() },
        Step::CoreInWasm { filter: filter() },
        Step::Browsers { filter: filter() },
    ];
    let lints = [Step::Formatting, Step::Dependencies, Step::Lints, Step::Documentation, Step::Licences];
    let wanted = if arguments.no_lint { Vec::new() } else { lints.into() };
    wanted.into_iter().chain(tests).collect()
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
            Self::WebClient => "the web client builds",
            Self::Tests { .. } => "tests",
            Self::Document { .. } => "the API and its document",
            Self::CoreInWasm { .. } => "the core's tests in WebAssembly",
            Self::Browsers { .. } => "tests in browsers",
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
            Self::WebClient => Ok(web_client()),
            Self::Tests { filter } => tests(filter.as_deref(), counts),
            Self::Document { filter } => document(filter.as_deref(), counts),
            Self::CoreInWasm { filter } => core_in_wasm(filter.as_deref(), counts),
            Self::Browsers { filter } => browsers(filter.as_deref(), counts),
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
    let has_passed = counted(cargo::command().args(&arguments), counts)?;
    let refusal = || CargoError::Refused { arguments: arguments.join(" ") };
    Ok(Outcome::of(if has_passed { Ok(()) } else { Err(refusal()) }))
}

/// The API by what its document says of it. One test: a filter leaves it out, or asks for it.
fn document(filter: Option<&str>, counts: &mut Counts) -> Result<Outcome, TestError> {
    if filter.is_some_and(|filter| !"schemathesis".contains(filter)) {
        return Ok(Outcome::LeftOut { install: "run without a filter, or with the filter schemathesis" });
    }
    let Some(program) = schemathesis::provide(&cargo::target_directory()?) else {
        return Ok(Outcome::LeftOut { install: schemathesis::INSTALL });
    };
    let has_passed = counted(&mut schemathesis::command(&program), counts)?;
    let refused = || "an answer is not as /openapi.json describes it".to_owned();
    Ok(if has_passed { Outcome::Passed } else { Outcome::Failed(refused()) })
}

/// What they count is the same tests once more, in another engine.
fn core_in_wasm(filter: Option<&str>, counts: &mut Counts) -> Result<Outcome, TestError> {
    if !core_in_wasm::can_build() {
        return Ok(Outcome::LeftOut { install: core_in_wasm::INSTALL });
    }
    let has_passed = counted(&mut core_in_wasm::command(filter), counts)?;
    Ok(if has_passed { Outcome::Passed } else { Outcome::Failed("a test failed as WebAssembly".to_owned()) })
}

/// Runs a test runner, passes its lines on and reads its totals. Says whether it succeeded.
fn counted(runner: &mut Command, counts: &mut Counts) -> Result<bool, TestError> {
    let mut runner = runner.stdout(Stdio::piped()).spawn().map_err(CargoError::NotStarted)?;
    if let Some(output) = runner.stdout.take() {
        let mut ours = std::io::stdout().lock();
        for line in BufReader::new(output).split(b'\n') {
            let line = line?;
            counts.add(&String::from_utf8_lossy(&line));
            ours.write_all(&line)?;
            ours.write_all(b"\n")?;
        }
    }
    Ok(runner.wait()?.success())
}

fn web_client() -> Outcome {
    match web::run(&web::Arguments::default()) {
        Ok(_) => Outcome::Passed,
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

/// The web client's own tests, in real browsers. A filter is part of the name of a test, of which only the files are known
/// here: then they are left to `node bindings/web/tests/run.mjs FILE`.
fn browsers(filter: Option<&str>, counts: &mut Counts) -> Result<Outcome, TestError> {
    if filter.is_some() {
        return Ok(Outcome::LeftOut {
            install: "run without a filter, or node bindings/web/tests/run.mjs FILE",
        });
    }
    let script = cargo::workspace().join("bindings/web/tests/run.mjs");
    let mut node = Command::new("node");
    node.arg(script).current_dir(cargo::workspace()).stdin(Stdio::null());
    let has_passed = counted(&mut node, counts)?;
    Ok(if has_passed { Outcome::Passed } else { Outcome::Failed("a test in a browser failed".to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_come_last_and_carry_the_filter() {
        let arguments = Arguments { filter: Some("commit".to_owned()), no_lint: false };
        let steps = plan(&arguments);
        let filter = || Some("commit".to_owned());
        let last = [
            Step::WebClient,
            Step::Tests { filter: filter() },
            Step::Document { filter: filter() },
            Step::CoreInWasm { filter: filter() },
            Step::Browsers { filter: filter() },
        ];
        assert_eq!(steps[5..], last);
    }

    #[test]
    fn without_lints_only_the_tests_run() {
        let arguments = Arguments { filter: None, no_lint: true };
        let tests = [
            Step::WebClient,
            Step::Tests { filter: None },
            Step::Document { filter: None },
            Step::CoreInWasm { filter: None },
            Step::Browsers { filter: None },
        ];
        assert_eq!(plan(&arguments), tests);
    }
}
