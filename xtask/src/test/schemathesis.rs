//! Requests made from the API's own document: schemathesis, in a Python environment of its own under `target/`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cargo;
use crate::machine;

/// Another version makes other requests.
const VERSION: &str = "4.32.5";
/// What Debian calls what it takes.
const PACKAGES: [&str; 2] = ["python3", "python3-venv"];
/// How to have it where it cannot be added here.
pub(super) const INSTALL: &str =
    "apt-get install python3-venv, and let pip reach a package index: cargo xtask test does the rest";

/// The program, installed if need be; `None` where that cannot be done.
pub(super) fn provide(target: &Path) -> Option<PathBuf> {
    let environment = target.join(format!("schemathesis-{VERSION}"));
    let program = environment.join("bin/schemathesis");
    if !program.is_file() {
        make(&environment).or_else(|| {
            if !machine::can_install() {
                return None;
            }
            println!("installing {} by apt-get", PACKAGES.join(", "));
            machine::install(&PACKAGES).ok()?;
            make(&environment)
        })?;
        println!("installing schemathesis {VERSION} by pip");
        let pip = environment.join("bin/pip");
        succeed(Command::new(pip).args(["install", "--quiet", &format!("schemathesis=={VERSION}")]))?;
    }
    program.is_file().then_some(program)
}

fn make(environment: &Path) -> Option<()> {
    succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(environment))
}

fn succeed(command: &mut Command) -> Option<()> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    status.success().then_some(())
}

/// Runs it against a relay.
pub(super) fn command(program: &Path) -> Command {
    let mut command = cargo::command();
    command
        // Of the whole workspace, as all tests are: for one package alone it would be built anew.
        .args(["test", "--workspace", "--test", "api", "--", "--ignored", "schemathesis"])
        .env("INFRASOUND_SCHEMATHESIS", program);
    command
}
