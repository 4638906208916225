//! WASM modules: compiled, bound to JavaScript, and put where they are taken from.

use std::fs;
use std::path::{Path, PathBuf};

use super::stamp::Stamp;
use super::{WebError, announce, at, folder, pass, succeed, toolchain};
use crate::cargo;
use crate::terminal::Terminal;

const PROFILE: &str = "wasm";

/// Builds the core, for the npm package.
pub(super) fn build(target: &Path, terminal: Terminal) -> Result<(), WebError> {
    announce("The core as WebAssembly", terminal);
    let module = compile(target, "infrasound-web")?;
    bind(target, "bindgen", &module, &folder().join("client/wasm"), &[], terminal)
}

/// Builds what is measured beside other libraries in Node.js, and gives what is to be required there.
pub(crate) fn build_peer(target: &Path, terminal: Terminal) -> Result<PathBuf, WebError> {
    announce("The core's MLS as a module for Node.js", terminal);
    let module = compile(target, "infrasound-peer")?;
    let bound = target.join("bench/infrasound-peer");
    bind(target, "bindgen-peer", &module, &bound, &["node"], terminal)?;
    Ok(bound.join("infrasound_peer.js"))
}

/// Compiles what has changed.
fn compile(target: &Path, package: &str) -> Result<PathBuf, WebError> {
    // A folder of its own: it is another profile, maybe another compiler, and nobody waits for the other's lock.
    let compiled = target.join("wasm");
    let mut cargo = toolchain::find()?.build();
    cargo.args(["--profile", PROFILE, "-p", package]).env("CARGO_TARGET_DIR", &compiled);
    succeed(&mut cargo)?;
    let name = format!("{}.wasm", package.replace('-', "_"));
    Ok(compiled.join(toolchain::TARGET).join(PROFILE).join(name))
}

/// Binds a module if it is another one.
fn bind(
    target: &Path,
    name: &str,
    module: &Path,
    bound: &Path,
    options: &[&str],
    terminal: Terminal,
) -> Result<(), WebError> {
    let tool = cargo::workspace().join("xtask/bindgen");
    let stamp = Stamp::of(target, name, &[module, &tool], bound)?;
    if stamp.is_fresh() {
        pass("its bindings", terminal);
        return Ok(());
    }
    fs::create_dir_all(bound).map_err(at(bound))?;
    let (module, bound) = (module.display().to_string(), bound.display().to_string());
    let run = ["run", "--quiet", "--profile", "tool", "-p", "xtask-bindgen", "--", &module, &bound];
    cargo::run(&[&run, options].concat())?;
    stamp.set()
}
