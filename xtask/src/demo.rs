//! `cargo xtask demo`: people on a demo instance write to each other, and in a group, through a real relay.
//!
//! Everything is real and local: the relay's own process, two client processes with homes of their own,
//! and HTTP on loopback. What people type and what comes out is shown as it happens; what it should have led to
//! is asked for by `--json` and compared. All of it lives in a temporary folder.

mod claim;
mod group;
mod invitation;
mod narrator;
mod person;
mod private_message;
mod relay;
mod sign_in;
mod storage;
mod story;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tempfile::TempDir;
use thiserror::Error;

use crate::cargo::{self, CargoError};
use crate::interrupt::{self, Interrupted};
use crate::terminal::Terminal;
use narrator::Narrator;
use relay::Relay;

/// Shows people write to each other and in a group, encrypted end to end
///
/// Builds the relay and the `infrasound` command, starts the relay with its built-in demo instance on a free port
/// of loopback, signs Alice and Bob in, and lets them talk, with Dave in a group as well. Then says how to join in from a terminal of your own,
/// and stays until Ctrl-C. Needs no account, no configuration and no other program.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// End after the story; exit code 0 only if every step held
    #[arg(long)]
    check: bool,
    /// Leave the relay's and the people's files where they are, and say where
    #[arg(long)]
    keep: bool,
}

/// Why the demo did not come to its end.
#[derive(Debug, Error)]
pub(crate) enum DemoError {
    #[error(transparent)]
    Cargo(#[from] CargoError),
    #[error(transparent)]
    Claim(#[from] claim::ClaimError),
    #[error("a file or folder of the demo cannot be used")]
    Files(#[from] io::Error),
    #[error("interrupts cannot be noticed")]
    Interrupt(#[from] ctrlc::Error),
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    #[error(transparent)]
    Person(#[from] person::PersonError),
    #[error(transparent)]
    Relay(#[from] relay::RelayError),
    #[error(transparent)]
    SignIn(#[from] sign_in::SignInError),
}

/// Plays the story; without `--check`, then waits for Ctrl-C.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, DemoError> {
    interrupt::listen()?;
    let narrator = Narrator::new(Terminal::detect());
    let played = build(narrator).and_then(|programs| play_in_a_folder(arguments, narrator, &programs));
    match played {
        Err(DemoError::Interrupted(Interrupted)) => Ok(ExitCode::from(130)),
        other => other.map(|()| ExitCode::SUCCESS),
    }
}

/// Builds both programs and says where they are.
fn build(narrator: Narrator) -> Result<PathBuf, DemoError> {
    narrator.chapter("Building the relay and the infrasound command");
    let built = cargo::run(&["build", "-p", "infrasound-relay", "-p", "infrasound-cli"]);
    interrupt::check()?;
    built?;
    Ok(cargo::target_directory()?.join("debug"))
}

fn play_in_a_folder(arguments: &Arguments, narrator: Narrator, programs: &Path) -> Result<(), DemoError> {
    let mut folder = tempfile::Builder::new().prefix("infrasound-demo-").tempdir()?;
    folder.disable_cleanup(arguments.keep);
    let played = play(arguments, narrator, programs, &folder);
    if arguments.keep {
        narrator.say(&format!("The files are kept in {}", folder.path().display()));
    }
    played
}

fn play(
    arguments: &Arguments,
    narrator: Narrator,
    programs: &Path,
    folder: &TempDir,
) -> Result<(), DemoError> {
    let mut relay = Relay::start(programs, &folder.path().join("relay"))?;
    narrator.say(&format!("The relay and its demo instance answer on {}", relay.address()));
    story::play(narrator, programs, folder.path(), &relay)?;
    if arguments.check {
        narrator.verdict("Every step held.");
    } else {
        invitation::show(narrator, programs, folder.path(), &relay);
        interrupt::wait(|| relay.has_ended());
        if interrupt::check().is_ok() {
            return Err(relay.ended().into());
        }
    }
    Ok(())
}
