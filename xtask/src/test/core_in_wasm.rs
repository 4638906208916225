//! The test suites of the core and of the spec, vectors included, as WebAssembly.
//!
//! The target is `wasm32-wasip1`, which has files and a clock where a browser has none; code generation, word size and the
//! engine that runs it, V8, are those of the browser's module. The runner is `bindings/web/tests/wasi.mjs`.

use std::process::Command;

use crate::cargo;
use crate::web::toolchain;

pub(crate) const TARGET: &str = "wasm32-wasip1";
/// How to have the target where it cannot be added here. Debian has its standard library for no compiler that is new enough.
pub(super) const INSTALL: &str = "rustup target add wasm32-wasip1";

/// Whether the suites can be built here. The target is added if rustup can.
pub(super) fn can_build() -> bool {
    toolchain::provide(TARGET)
}

/// Builds and runs them.
pub(super) fn command(filter: Option<&str>) -> Command {
    let mut command = cargo::command();
    command
        .args(["test", "--target", TARGET, "-p", "infrasound-spec", "-p", "infrasound-core"])
        // openmls builds for WebAssembly only where it is told that there is JavaScript for clock and randomness; WASI has both.
        .args(["--features", "openmls/js"])
        // There is no program there to compile the examples of the documentation with.
        .args(["--lib", "--tests", "--no-fail-fast"])
        .args(["--config", &runner()])
        .args(filter);
    command
}

/// As a list, so that a path may have spaces.
fn runner() -> String {
    let script = cargo::workspace().join("bindings/web/tests/wasi.mjs");
    format!("target.{TARGET}.runner = ['node', '--no-warnings', '{}']", script.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runner_is_there_and_the_filter_is_the_last_word() {
        let command = command(Some("commit"));
        let words: Vec<String> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        assert_eq!(words.last().map(String::as_str), Some("commit"));
        let runner = words.iter().find(|word| word.contains("runner")).unwrap();
        let script = runner.split('\'').nth(5).unwrap();
        assert!(std::path::Path::new(script).is_file(), "{script}");
    }
}
