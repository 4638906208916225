//! The npm package and the app.

use std::path::Path;

use super::stamp::Stamp;
use super::{WebError, announce, carry_out, folder, pass};
use crate::terminal::Terminal;

/// Builds each if something that goes into it has changed.
pub(super) fn build(target: &Path, terminal: Terminal) -> Result<(), WebError> {
    let web = folder();
    let of = |names: &[&str]| names.iter().map(|name| web.join(name)).collect::<Vec<_>>();
    let shared = ["package-lock.json", "tsconfig.base.json"];
    let client =
        of(&[&["client/src", "client/wasm", "client/build.mjs", "client/package.json"], &shared[..]]
            .concat());
    let app = of(&[
        "app/src",
        "app/build",
        "app/index.html",
        "app/package.json",
        "app/vite.config.ts",
        "client/dist",
        "compress.mjs",
    ]);
    step(target, "client", "The npm package", &client, terminal, || {
        carry_out("npm", &["run", "--silent", "build", "-w", "client"])
    })?;
    step(target, "app", "The app", &app, terminal, || {
        carry_out("npm", &["run", "--silent", "build", "-w", "app"])
    })
}

fn step(
    target: &Path,
    name: &str,
    title: &str,
    inputs: &[std::path::PathBuf],
    terminal: Terminal,
    build: impl FnOnce() -> Result<(), WebError>,
) -> Result<(), WebError> {
    let inputs: Vec<&Path> = inputs.iter().map(std::path::PathBuf::as_path).collect();
    let stamp = Stamp::of(target, name, &inputs, &folder().join(name).join("dist"))?;
    if stamp.is_fresh() {
        pass(&title.to_lowercase(), terminal);
        return Ok(());
    }
    announce(title, terminal);
    build()?;
    stamp.set()
}
