//! Rust for wasm32: rustup's, which is added if it is not there, or Debian's.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use thiserror::Error;

use crate::cargo;
use crate::machine;

pub(super) const TARGET: &str = "wasm32-unknown-unknown";
/// Debian's compiler comes without the standard library for wasm32, but with its source.
const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];
const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust/library";

/// How the module is compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Toolchain {
    /// The one that runs this.
    Own,
    /// Debian's, which builds the standard library as well and borrows a linker.
    Debian { linker: PathBuf },
}

/// Why there is none.
#[derive(Debug, Error)]
#[error(
    "Rust for {TARGET} is missing; get it by `rustup target add {TARGET}`, or on Debian by `apt-get install {}`",
    DEBIAN_PACKAGES.join(" ")
)]
pub(crate) struct NoToolchain;

/// Finds a toolchain, and adds to what is there if need be.
pub(super) fn find() -> Result<Toolchain, NoToolchain> {
    if provide(TARGET) {
        return Ok(Toolchain::Own);
    }
    if !has_debians() && machine::can_install() {
        // What cannot be installed is missed below.
        let _ = machine::install(&DEBIAN_PACKAGES);
    }
    match sysroot().as_deref().and_then(linker) {
        Some(linker) if has_debians() => Ok(Toolchain::Debian { linker }),
        _ => Err(NoToolchain),
    }
}

/// Whether the compiler that runs this has the standard library of a target; rustup adds it if it can.
pub(crate) fn provide(target: &str) -> bool {
    has(target) || (add_by_rustup(target) && has(target))
}

/// The same question, without adding anything.
pub(crate) fn has(target: &str) -> bool {
    sysroot().is_some_and(|sysroot| sysroot.join("lib/rustlib").join(target).join("lib").is_dir())
}

/// Which there is already, if any.
pub(crate) fn present() -> Option<&'static str> {
    if has(TARGET) {
        return Some("with rustc");
    }
    has_debians().then_some("Debian's")
}

fn sysroot() -> Option<PathBuf> {
    machine::first_line("rustc", &["--print", "sysroot"]).map(PathBuf::from)
}

fn add_by_rustup(target: &str) -> bool {
    if machine::program("rustup").is_none() {
        return false;
    }
    println!("adding {target} by rustup");
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", target]).current_dir(cargo::workspace()).stdin(Stdio::null());
    rustup.status().is_ok_and(|status| status.success())
}

fn has_debians() -> bool {
    ["/usr/bin/rustc", "/usr/bin/cargo"].iter().all(|program| Path::new(program).is_file())
        && Path::new(DEBIAN_SOURCE).is_dir()
}

/// The linker that comes with rustup's compiler for this machine.
fn linker(sysroot: &Path) -> Option<PathBuf> {
    let targets = std::fs::read_dir(sysroot.join("lib/rustlib")).ok()?;
    targets.flatten().map(|target| target.path().join("bin/rust-lld")).find(|linker| linker.is_file())
}

/// Messages of panics name source files: as they are called everywhere, not as they lie on this machine.
fn without_paths() -> Vec<String> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let registries = home.and_then(|home| std::fs::read_dir(home.join("registry/src")).ok());
    let mut folders: Vec<PathBuf> =
        registries.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    folders.sort();
    folders.push(cargo::workspace().to_owned());
    folders.iter().map(|folder| format!("--remap-path-prefix={}/=", folder.display())).collect()
}

impl Toolchain {
    /// A cargo command that compiles for wasm32.
    pub(super) fn build(&self) -> Command {
        let mut command = match self {
            Self::Own => cargo::command(),
            Self::Debian { linker } => {
                let mut command = Command::new("/usr/bin/cargo");
                command
                    .current_dir(cargo::workspace())
                    .env("RUSTC", "/usr/bin/rustc")
                    // The standard library is built with what is not stable yet.
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
                command
            }
        };
        command
            .args(["build", "--target", TARGET])
            .env("CARGO_ENCODED_RUSTFLAGS", without_paths().join("\x1f"));
        if matches!(self, Self::Debian { .. }) {
            command.args(["-Z", "build-std=std,panic_abort"]);
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &Command) -> Vec<String> {
        command.get_args().map(|word| word.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn debians_compiler_builds_the_standard_library() {
        let debian = Toolchain::Debian { linker: "/opt/rust-lld".into() }.build();
        assert_eq!(words(&debian), ["build", "--target", TARGET, "-Z", "build-std=std,panic_abort"]);
        assert_eq!(debian.get_program(), "/usr/bin/cargo");
        let linker = debian.get_envs().find(|(name, _)| name.to_string_lossy().ends_with("_LINKER"));
        assert_eq!(linker.unwrap().1.unwrap(), "/opt/rust-lld");
        assert_eq!(words(&Toolchain::Own.build()), ["build", "--target", TARGET]);
    }

    #[test]
    fn who_has_none_is_told_both_ways() {
        let text = NoToolchain.to_string();
        assert!(text.contains("rustup target add wasm32-unknown-unknown") && text.contains("rustc-web"));
    }
}
