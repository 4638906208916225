//! The `infrasound` command: Infrasound on a terminal, and in scripts.
//!
//! | module | what |
//! |---|---|
//! | `arguments` | the command line and its help |
//! | `commands` | one file for each command |
//! | `app` | a command at work: session, events, screen |
//! | `name`, `recipient`, `reference` | how conversations, groups and messages are named |
//! | `line`, `render` | what is said: shapes for programs, text for people |
//! | `file`, `progress` | what files are called here; how far they are |
//! | `clean`, `html` | nothing from outside reaches the terminal but text |

mod app;
mod arguments;
mod clean;
mod commands;
mod exit;
mod file;
mod html;
mod input;
mod line;
mod name;
mod paint;
mod progress;
mod recipient;
mod reference;
mod render;
mod screen;
mod table;
mod time;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser as _;
use etcetera::BaseStrategy as _;

use crate::{
    arguments::Arguments,
    exit::CommandError,
    screen::{Format, Screen},
};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let format = if arguments.json { Format::Json } else { Format::Text };
    match run(arguments, format) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.is_said() {
                screen::show_error(format, &error);
            }
            ExitCode::from(error.exit())
        }
    }
}

fn run(arguments: Arguments, format: Format) -> Result<(), CommandError> {
    let home = match arguments.home {
        Some(home) => home,
        None => default_home()?,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(CommandError::Input)?;
    let result = runtime.block_on(commands::run(arguments.command, &home, Screen::new(format)));
    // A line that is still being typed must not keep the process alive.
    runtime.shutdown_background();
    result
}

fn default_home() -> Result<PathBuf, CommandError> {
    let strategy = etcetera::choose_base_strategy()
        .map_err(|_| CommandError::Usage("there is no home directory: say --home DIR".to_owned()))?;
    Ok(strategy.data_dir().join("infrasound"))
}
