//! The command `infrasound-relay`: reads the configuration, runs the relay, stops it when told.

use std::{error::Error, io::Write as _, process::ExitCode};

use clap::Parser as _;
use infrasound_relay::{
    admin,
    command::{Action, Command, ServeArguments},
    serve,
};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// SIGXFSZ, on Linux and macOS.
const FILE_TOO_LARGE: i32 = 25;

#[tokio::main]
async fn main() -> ExitCode {
    let action = Command::parse().action;
    // An admin at a terminal asked something else than how it is done.
    let level = if matches!(action, Action::Serve(_)) { "info" } else { "warn" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let done = match action {
        Action::Admin(arguments) => admin::run(*arguments).await.map_err(Into::into),
        Action::Serve(arguments) => run(*arguments).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: ServeArguments) -> Result<(), Box<dyn Error>> {
    // A file that reaches the limit of its size is an error to answer, not a reason to die.
    let _too_large = signal(SignalKind::from_raw(FILE_TOO_LARGE))?;
    let relay = serve(arguments.configure()?).await?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "listening on http://{}", relay.address())?;
    stdout.flush()?;
    told_to_stop().await?;
    relay.stop().await;
    Ok(())
}

async fn told_to_stop() -> Result<(), std::io::Error> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// One line: what went wrong, and why.
fn report(error: &(dyn Error + 'static)) {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    let line = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
    // There is nowhere else to say it.
    drop(writeln!(std::io::stderr(), "infrasound-relay: {line}"));
}
