//! Cargo, as this process was started by it: the same toolchain, in the same workspace.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use thiserror::Error;

/// The folder of the workspace.
pub(crate) fn workspace() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// A cargo command that runs in the workspace and reads no input.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace()).stdin(Stdio::null());
    command
}

/// Why cargo did not do what it was asked to.
#[derive(Debug, Error)]
pub(crate) enum CargoError {
    #[error("cargo did not describe the workspace")]
    Metadata(#[source] serde_json::Error),
    #[error("cargo's description of the workspace names no target directory")]
    NoTargetDirectory,
    #[error("cargo could not be started")]
    NotStarted(#[source] io::Error),
    #[error("`cargo {arguments}` failed")]
    Refused { arguments: String },
}

/// Runs cargo with its output going where ours goes.
pub(crate) fn run(arguments: &[&str]) -> Result<(), CargoError> {
    run_with(arguments, &[])
}

/// The same, with variables of the environment.
pub(crate) fn run_with(arguments: &[&str], variables: &[(&str, PathBuf)]) -> Result<(), CargoError> {
    let variables = variables.iter().map(|(name, value)| (name, value));
    let status = command().args(arguments).envs(variables).status().map_err(CargoError::NotStarted)?;
    if status.success() { Ok(()) } else { Err(CargoError::Refused { arguments: arguments.join(" ") }) }
}

/// Runs cargo and returns what it prints.
pub(crate) fn output(arguments: &[&str]) -> Result<String, CargoError> {
    let output =
        command().args(arguments).stderr(Stdio::inherit()).output().map_err(CargoError::NotStarted)?;
    if !output.status.success() {
        return Err(CargoError::Refused { arguments: arguments.join(" ") });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether cargo knows the subcommand `name`.
pub(crate) fn has(name: &str) -> bool {
    command()
        .args([name, "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Where cargo puts what it builds.
pub(crate) fn target_directory() -> Result<PathBuf, CargoError> {
    let text = output(&["metadata", "--no-deps", "--format-version", "1"])?;
    let metadata: serde_json::Value = serde_json::from_str(&text).map_err(CargoError::Metadata)?;
    let directory = metadata.get("target_directory").and_then(serde_json::Value::as_str);
    directory.map(PathBuf::from).ok_or(CargoError::NoTargetDirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_the_folder_with_the_lock_file() {
        assert!(workspace().join("Cargo.lock").is_file());
    }

    #[test]
    fn a_subcommand_is_known_or_not() {
        assert!(has("tree"));
        assert!(!has("no-such-command-infrasound"));
    }
}
