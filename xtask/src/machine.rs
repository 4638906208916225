//! What this machine has: programs, root, and a package manager that can add what is missing.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use thiserror::Error;

/// Browsers that the web client's tests and the demo can drive.
pub(crate) const BROWSERS: &[&str] =
    &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Where to find `program`, if it is on the search path.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|candidate| candidate.is_file())
}

/// The first line that `program` prints, or nothing if it is absent or fails.
pub(crate) fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next()?.trim().to_owned();
    output.status.success().then_some(line)
}

/// The version of Node.js, if it is one that the web client can be built with.
pub(crate) fn node() -> Option<String> {
    first_line("node", &["--version"]).filter(|version| is_node_20(version))
}

fn is_node_20(version: &str) -> bool {
    let major = version.strip_prefix('v').and_then(|text| text.split('.').next()?.parse::<u32>().ok());
    major.is_some_and(|major| major >= 20)
}

/// Whether this process may install packages.
pub(crate) fn is_root() -> bool {
    first_line("id", &["-u"]).as_deref() == Some("0")
}

/// Whether packages can be added without asking anybody.
pub(crate) fn can_install() -> bool {
    is_root() && program("apt-get").is_some()
}

/// Why a package could not be added.
#[derive(Debug, Error)]
pub(crate) enum InstallError {
    #[error("apt-get could not be started")]
    NotStarted(#[source] std::io::Error),
    #[error("apt-get could not install {packages}")]
    Refused { packages: String },
}

/// Adds Debian packages, without questions.
pub(crate) fn install(packages: &[&str]) -> Result<(), InstallError> {
    let update: &[&str] = &["-q", "update"];
    let add = [&["-q", "install", "-y", "--no-install-recommends"], packages].concat();
    for arguments in [update, &add] {
        let status = Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .map_err(InstallError::NotStarted)?;
        if !status.success() {
            return Err(InstallError::Refused { packages: packages.join(" ") });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_is_new_enough_from_20_on() {
        assert!(is_node_20("v20.19.2") && is_node_20("v22.1.0"));
        assert!(!is_node_20("v18.20.0") && !is_node_20("none"));
    }

    #[test]
    fn a_program_on_the_path_is_found_and_an_invented_one_is_not() {
        assert!(program("sh").is_some());
        assert!(program("no-such-program-infrasound").is_none());
    }

    #[test]
    fn a_program_that_fails_has_no_first_line() {
        assert_eq!(first_line("sh", &["-c", "echo one; echo two"]).as_deref(), Some("one"));
        assert_eq!(first_line("sh", &["-c", "echo one; exit 3"]), None);
        assert_eq!(first_line("no-such-program-infrasound", &[]), None);
    }
}
