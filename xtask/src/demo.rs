//! demo
use std::process::ExitCode;

/// Shows two people write to each other, encrypted end to end
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_arguments: &Arguments) -> Result<ExitCode, std::io::Error> {
    Ok(ExitCode::FAILURE)
}
