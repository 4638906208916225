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
/// The variable INFRASOUND_PROGRAMS names a folder where they were built before, such as `target/release`.
///
/// # Panics
/// If they do not build.
pub fn programs() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        if let Some(folder) = env::var_os("INFRASOUND_PROGRAMS") {
            return PathBuf::from(folder);
        }
        let arguments = ["build", "--quiet", "-p", "infrasound-relay", "-p", "infrasound-cli"];
        let status = cargo().args(arguments).status().expect("cargo starts");
        assert!(status.success(), "the relay and the infrasound command build");
        target().join("debug")
    })
}

/// Where cargo puts what it builds: a test is in it under `PROFILE/deps`, another program under `PROFILE`.
fn target() -> PathBuf {
    let program = env::current_exe().expect("the path of this program");
    let folder = program.parent().expect("the folder of this program");
    let profile = if folder.ends_with("deps") { folder.parent() } else { Some(folder) };
    profile.and_then(Path::parent).expect("a target folder").to_owned()
}
