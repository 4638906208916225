//! What the tests need beyond Rust: installed by apt where this process may, named where it may not.

use thiserror::Error;

use crate::machine::{self, InstallError};

/// Programs of which one is needed, and the Debian packages that bring it.
struct Need {
    programs: &'static [&'static str],
    packages: &'static [&'static str],
}

const NEEDED: [Need; 5] = [
    Need { programs: &["cc"], packages: &["build-essential"] },
    Need { programs: &["curl"], packages: &["curl", "ca-certificates"] },
    Need { programs: &["node"], packages: &["nodejs"] },
    Need { programs: &["npm"], packages: &["npm"] },
    Need { programs: machine::BROWSERS, packages: &["chromium"] },
];

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
    for Need { programs, packages } in NEEDED {
        if programs.iter().any(|program| machine::program(program).is_some()) {
            continue;
        }
        let program = programs[0];
        if !machine::can_install() {
            return Err(PrerequisiteError::Missing { program, packages: packages.join(" ") });
        }
        println!("{program} is missing: installing {} by apt-get", packages.join(", "));
        machine::install(packages)?;
    }
    Ok(())
}
