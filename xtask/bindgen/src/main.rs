//! Finishes the WASM module for browsers: `xtask-bindgen MODULE FOLDER`.
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
    let [module, folder] = arguments.as_slice() else {
        eprintln!("usage: xtask-bindgen MODULE FOLDER");
        return ExitCode::FAILURE;
    };
    match finish(module, folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes the module, the JavaScript around it and its types.
fn finish(module: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module);
    // Where the module is, whoever loads it says.
    bindgen.web(true)?.typescript(true).omit_default_module_path(true).demangle(true);
    bindgen.generate(folder).map_err(|error| format!("{error:#}"))?;
    let name = module.file_stem().ok_or("the module has no name")?.to_string_lossy().into_owned();
    let bound = folder.join(format!("{name}_bg.wasm"));
    let ordered = order::by_name(&fs::read(&bound)?)?;
    fs::write(bound, ordered)?;
    Ok(())
}
