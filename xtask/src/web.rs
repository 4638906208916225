//! `cargo xtask web`: from a fresh checkout to what a browser loads.
//!
//! | step | makes |
//! |---|---|
//! | `core` | the WASM module, and JavaScript and types around it |
//! | `packages` | what npm installs |
//! | `pages` | the npm package, the app, and its files compressed |
//!
//! A step whose inputs are what they were is left out. The relay takes the app in when it is built the next time.

pub(crate) mod core;
pub(crate) mod packages;
mod pages;
mod size;
mod stamp;
pub(crate) mod toolchain;

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use thiserror::Error;

use crate::cargo::{self, CargoError};
use crate::machine;
use crate::terminal::Terminal;

/// Builds the web client: the core as WebAssembly, the npm package, and the app that the relay serves
///
/// Needs Node.js 20 or newer with npm, and Rust for wasm32: rustup adds that by itself, Debian has packages for it. What is
/// missing is named. The relay embeds the app when it is built afterwards.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Arguments {
    /// Build the WebAssembly module only
    #[arg(long)]
    wasm_only: bool,
}

/// Why there is no web client.
#[derive(Debug, Error)]
pub(crate) enum WebError {
    #[error(transparent)]
    Cargo(#[from] CargoError),
    #[error("{} could not be read or written", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{program} could not be started")]
    NotStarted { program: String, source: io::Error },
    #[error(
        "Node.js 20 or newer is missing, or npm; install them first (on Debian: apt-get install nodejs npm)"
    )]
    NoNode,
    #[error("`{command}` failed")]
    Refused { command: String },
    #[error(transparent)]
    Toolchain(#[from] toolchain::NoToolchain),
}

/// Builds what is not built yet.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, WebError> {
    let terminal = Terminal::detect();
    let has_node = machine::node().is_some() && machine::program("npm").is_some();
    if !arguments.wasm_only && !has_node {
        return Err(WebError::NoNode);
    }
    let target = cargo::target_directory()?;
    core::build(&target, terminal)?;
    size::tell(&folder().join("client/wasm/infrasound_web_bg.wasm"), terminal);
    if !arguments.wasm_only {
        packages::install(&target, terminal)?;
        pages::build(&target, terminal)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Where the npm packages are.
fn folder() -> PathBuf {
    cargo::workspace().join("bindings/web")
}

/// Says what comes next.
fn announce(step: &str, terminal: Terminal) {
    println!("{}", terminal.bold(step));
}

/// Says that there is nothing to do.
fn pass(step: &str, terminal: Terminal) {
    println!("{} {}", terminal.mark(true), terminal.dim(&format!("{step}: nothing has changed")));
}

/// Runs a program of the web client's in its folder.
fn carry_out(program: &str, arguments: &[&str]) -> Result<(), WebError> {
    succeed(Command::new(program).args(arguments).current_dir(folder()))
}

fn succeed(command: &mut Command) -> Result<(), WebError> {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let status = command.stdin(Stdio::null()).status();
    let status = status.map_err(|source| WebError::NotStarted { program: words[0].clone(), source })?;
    if status.success() { Ok(()) } else { Err(WebError::Refused { command: words.join(" ") }) }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> WebError {
    let path = path.to_owned();
    move |source| WebError::File { path, source }
}
