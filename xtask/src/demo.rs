//! `cargo xtask demo`: people on a demo instance write to each other through a real relay.
//!
//! Everything is real and local: the relay's own process, HTTP on loopback, and two clients with stores of their own. They
//! are two browser windows with the web app, or with `--terminal` two people at a terminal, who also make a group: then what
//! they type and what comes out is shown as it happens, and what it should have led to is asked for by `--json` and
//! compared. All of it lives in a temporary folder.

mod claim;
mod disk;
mod group;
mod invitation;
mod narrator;
mod person;
mod private_message;
mod relay;
mod sign_in;
mod storage;
mod story;
mod windows;

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
use windows::{Afterwards, Shown, Windows};

/// Shows people write to each other, encrypted end to end
///
/// Builds everything, starts the relay with its built-in demo instance on a free port of loopback, and opens two browser
/// windows in which Alice and Bob sign in and talk, with the instance's public posts beside them. They stay open until
/// Enter or Ctrl-C. Without a display it is played unseen, and pictures of it are kept. Needs Node.js and Chromium or
/// Chrome, no account and no configuration.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// End after the story; exit code 0 only if every step held
    #[arg(long)]
    check: bool,
    /// Leave the relay's and the people's files where they are, and say where
    #[arg(long)]
    keep: bool,
    /// Play it in this terminal with the `infrasound` command, with a group as well: no browser and no Node.js is needed
    #[arg(long)]
    terminal: bool,
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
    #[error(transparent)]
    Windows(#[from] windows::WindowsError),
}

/// Plays the story; without `--check`, then waits for Ctrl-C.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, DemoError> {
    interrupt::listen()?;
    let narrator = Narrator::new(Terminal::detect());
    let played =
        build(arguments, narrator).and_then(|programs| play_in_a_folder(arguments, narrator, &programs));
    match played {
        Err(DemoError::Interrupted(Interrupted)) => Ok(ExitCode::from(130)),
        other => other.map(|()| ExitCode::SUCCESS),
    }
}

/// Builds what is shown and says where the programs are.
fn build(arguments: &Arguments, narrator: Narrator) -> Result<PathBuf, DemoError> {
    let built = if arguments.terminal {
        narrator.chapter("Building the relay and the infrasound command");
        cargo::run(&["build", "-p", "infrasound-relay", "-p", "infrasound-cli"])
    } else {
        windows::check()?;
        narrator.chapter("Building the web app, and the relay with it");
        // The relay embeds the app as it is when it is built.
        cargo::run(&["xtask", "web"]).and_then(|()| cargo::run(&["build", "-p", "infrasound-relay"]))
    };
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
    if arguments.terminal {
        story::play(narrator, programs, folder.path(), &relay)?;
        if arguments.check {
            narrator.verdict("Every step held.");
            return Ok(());
        }
        invitation::show(narrator, programs, folder.path(), &relay);
        interrupt::wait(|| relay.has_ended());
    } else {
        let afterwards = if arguments.check { Afterwards::Close } else { Afterwards::Stay };
        let mut windows = windows::play(narrator, &relay, afterwards)?;
        if arguments.check {
            narrator.verdict("Every step held.");
            return Ok(());
        }
        invitation::show_windows(narrator, &relay, windows.shown);
        let entered = interrupt::enter();
        let is_seen = windows.shown == Shown::InWindows;
        let is_over = |windows: &mut Windows| entered.has_come() || is_seen && windows.have_ended();
        interrupt::wait(|| relay.has_ended() || is_over(&mut windows));
        if !relay.has_ended() {
            return Ok(());
        }
    }
    if interrupt::check().is_ok() {
        return Err(relay.ended().into());
    }
    Ok(())
}
