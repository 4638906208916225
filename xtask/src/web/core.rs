//! The WASM module: compiled, bound to JavaScript, and put where the npm package takes it from.

use std::fs;
use std::path::Path;

use super::stamp::Stamp;
use super::{WebError, announce, at, folder, pass, succeed, toolchain};
use crate::cargo;
use crate::terminal::Terminal;

const PROFILE: &str = "wasm";

/// Compiles what has changed; binds the module if it is another one.
pub(super) fn build(target: &Path, terminal: Terminal) -> Result<(), WebError> {
    announce("The core as WebAssembly", terminal);
    // A folder of its own: it is another profile, maybe another compiler, and nobody waits for the other's lock.
    let compiled = target.join("wasm");
    let mut cargo = toolchain::find()?.build();
    cargo.args(["--profile", PROFILE, "-p", "infrasound-web"]).env("CARGO_TARGET_DIR", &compiled);
    succeed(&mut cargo)?;
    let module = compiled.join(toolchain::TARGET).join(PROFILE).join("infrasound_web.wasm");
    let bound = folder().join("client/wasm");
    let tool = cargo::workspace().join("xtask/bindgen");
    let stamp = Stamp::of(target, "bindgen", &[&module, &tool], &bound)?;
    if stamp.is_fresh() {
        pass("its bindings", terminal);
        return Ok(());
    }
    fs::create_dir_all(&bound).map_err(at(&bound))?;
    let (module, bound) = (module.display().to_string(), bound.display().to_string());
    cargo::run(&["run", "--quiet", "--profile", "tool", "-p", "xtask-bindgen", "--", &module, &bound])?;
    stamp.set()
}
