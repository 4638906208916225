//! What the web client's measurement needs beside it: the client, the other libraries, and a browser.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::machine::{self, InstallError};
use crate::terminal::Terminal;
use crate::web::{self, WebError};

/// Why it cannot be measured here.
#[derive(Debug, Error)]
pub(crate) enum PrepareError {
    #[error(transparent)]
    Install(#[from] InstallError),
    #[error("Chromium is missing; install it first (on Debian: apt-get install chromium)")]
    NoBrowser,
    #[error(transparent)]
    Web(#[from] WebError),
}

/// Builds and installs what is not there, and gives the variables that tell the measuring program of it.
pub(super) fn prepare(target: &Path) -> Result<Vec<(&'static str, PathBuf)>, PrepareError> {
    let terminal = Terminal::detect();
    provide_browser()?;
    web::run(&web::Arguments::default())?;
    web::packages::install_peers(target, terminal)?;
    let module = web::core::build_peer(target, terminal)?;
    Ok(vec![("INFRASOUND_PEER_MODULE", module)])
}

fn provide_browser() -> Result<(), PrepareError> {
    if machine::BROWSERS.iter().any(|browser| machine::program(browser).is_some()) {
        return Ok(());
    }
    if !machine::can_install() {
        return Err(PrepareError::NoBrowser);
    }
    println!("Chromium is missing: installing it by apt-get");
    Ok(machine::install(&["chromium"])?)
}
