//! Finishes a WASM module: `xtask-bindgen MODULE FOLDER [node]`, for browsers if it is not said that it is for Node.js.
//!
//! It is a program of its own so that `cargo xtask` need not be built with it.

mod alike;
mod order;

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let (module, folder, host) = match arguments.as_slice() {
        [module, folder] => (module, folder, Host::Browser),
        [module, folder, host] if host.as_os_str() == "node" => (module, folder, Host::Node),
        _ => {
            eprintln!("usage: xtask-bindgen MODULE FOLDER [node]");
            return ExitCode::FAILURE;
        }
    };
    match finish(module, folder, host) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What loads the module.
#[derive(Clone, Copy)]
enum Host {
    Browser,
    Node,
}

/// Writes the module, the JavaScript around it and its types.
fn finish(module: &Path, folder: &Path, host: Host) -> Result<(), Box<dyn Error>> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module);
    match host {
        // Where the module is, whoever loads it says.
        Host::Browser => bindgen.web(true)?.omit_default_module_path(true),
        Host::Node => bindgen.nodejs(true)?,
    };
    bindgen.typescript(true).demangle(true);
    bindgen.generate(folder).map_err(|error| format!("{error:#}"))?;
    let name = module.file_stem().ok_or("the module has no name")?.to_string_lossy().into_owned();
    let bound = folder.join(format!("{name}_bg.wasm"));
    let ordered = order::by_name(&fs::read(&bound)?)?;
    fs::write(bound, ordered)?;
    Ok(())
}
