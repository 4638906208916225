//! What npm installs, as the lock file has it.

use std::path::Path;

use super::stamp::Stamp;
use super::{WebError, announce, carry_out, folder, pass};
use crate::terminal::Terminal;

/// Installs if the lock file is another one, or nothing is installed.
pub(super) fn install(target: &Path, terminal: Terminal) -> Result<(), WebError> {
    let (lock, manifest) = (folder().join("package-lock.json"), folder().join("package.json"));
    let stamp = Stamp::of(target, "npm", &[&lock, &manifest], &folder().join("node_modules"))?;
    if stamp.is_fresh() {
        pass("npm's packages", terminal);
        return Ok(());
    }
    announce("npm's packages", terminal);
    carry_out("npm", &["ci", "--no-audit", "--no-fund", "--loglevel=error"])?;
    stamp.set()
}
