//! What the tests need beyond Rust: installed by apt where this process may, named where it may not.

use thiserror::Error;

use crate::machine::{self, InstallError};

/// A program and the Debian packages that bring it.
const NEEDED: [(&str, &[&str]); 2] = [("cc", &["build-essential"]), ("curl", &["curl", "ca-certificates"])];

/// Why the tests cannot start on this machine.
#[derive(Debug, Error)]
pub(crate) enum PrerequisiteError {
    #[error(transparent)]
    Install(#[from] InstallError),
    #[error("{program} is missing; install it first (on Debian: apt-get install {packages})")]
    Missing { program: &'static str, packages: String },
}

/// Adds what is missing, or says what to install.
pub(crate) fn provide() -> Result<(), PrerequisiteError> {
    for (program, packages) in NEEDED {
        if machine::program(program).is_some() {
            continue;
        }
        if !machine::can_install() {
            return Err(PrerequisiteError::Missing { program, packages: packages.join(" ") });
        }
        println!("{program} is missing: installing {} by apt-get", packages.join(", "));
        machine::install(packages)?;
    }
    Ok(())
}
