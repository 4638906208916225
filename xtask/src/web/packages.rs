//! What npm installs.

use std::path::Path;
use std::process::Command;

use super::stamp::Stamp;
use super::{WebError, announce, folder, pass, succeed};
use crate::cargo;
use crate::terminal::Terminal;

const QUIETLY: [&str; 3] = ["--no-audit", "--no-fund", "--loglevel=error"];

/// Installs what the web client is built with, as the lock file has it, if that is another one or nothing is installed.
pub(super) fn install(target: &Path, terminal: Terminal) -> Result<(), WebError> {
    let files = ["package-lock.json", "package.json"];
    in_folder(target, "npm", &folder(), &files, "ci", terminal)
}

/// Installs the libraries that the client is measured beside, at the versions that their list names.
pub(crate) fn install_peers(target: &Path, terminal: Terminal) -> Result<(), WebError> {
    let clients = cargo::workspace().join("tests/peers/clients");
    in_folder(target, "npm-peers", &clients, &["package.json"], "install", terminal)
}

fn in_folder(
    target: &Path,
    name: &str,
    folder: &Path,
    files: &[&str],
    command: &str,
    terminal: Terminal,
) -> Result<(), WebError> {
    let files: Vec<_> = files.iter().map(|file| folder.join(file)).collect();
    let inputs: Vec<&Path> = files.iter().map(std::path::PathBuf::as_path).collect();
    let stamp = Stamp::of(target, name, &inputs, &folder.join("node_modules"))?;
    if stamp.is_fresh() {
        pass("npm's packages", terminal);
        return Ok(());
    }
    announce("npm's packages", terminal);
    succeed(Command::new("npm").arg(command).args(QUIETLY).current_dir(folder))?;
    stamp.set()
}
