//! The relay and the `infrasound` command as programs, built as a newcomer builds them.

#![expect(clippy::expect_used, reason = "test support: a step that fails fails the test, and says which")]

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

/// The folder of the workspace.
pub fn workspace() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// Cargo, in the workspace.
pub fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace()).stdin(Stdio::null());
    cargo
}

/// The folder with `infrasound-relay` and `infrasound`, which are built once a process, as `cargo xtask demo` builds them.
///
/// # Panics
/// If they do not build.
pub fn programs() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let arguments = ["build", "--quiet", "-p", "infrasound-relay", "-p", "infrasound-cli"];
        let status = cargo().args(arguments).status().expect("cargo starts");
        assert!(status.success(), "the relay and the infrasound command build");
        target().join("debug")
    })
}

/// Where cargo puts what it builds: this test is in it, under `PROFILE/deps`.
fn target() -> PathBuf {
    let test = env::current_exe().expect("the path of this test");
    test.ancestors().nth(3).expect("a target folder").to_owned()
}
