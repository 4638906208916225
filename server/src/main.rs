//! The command `infrasound-relay`: reads the configuration, runs the relay, stops it when told; and what an admin does
//! around it.

use std::{
    error::Error,
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
};

use clap::Parser as _;
use infrasound_relay::{
    admin, backup,
    command::{
        Action, BackupArguments, Command, DoctorArguments, InitArguments, LogFormat, RestoreArguments,
        ServeArguments,
    },
    doctor,
    init::{self, Known},
    serve,
};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// SIGXFSZ, on Linux and macOS.
const FILE_TOO_LARGE: i32 = 25;

#[tokio::main]
async fn main() -> ExitCode {
    let action = Command::parse().action;
    if !matches!(action, Action::Serve(_)) {
        // Who gives an order at a terminal asked something else than how it is done.
        begin_log(LogFormat::Text, "warn");
    }
    let done = match action {
        Action::Admin(arguments) => {
            admin::run(*arguments).await.map(|()| ExitCode::SUCCESS).map_err(Into::into)
        }
        Action::Serve(arguments) => run(*arguments).await.map(|()| ExitCode::SUCCESS),
        Action::Init(arguments) => write_configuration(&arguments).map(|()| ExitCode::SUCCESS),
        Action::Doctor(arguments) => examine(*arguments).await,
        Action::Backup(arguments) => back_up(arguments).await.map(|()| ExitCode::SUCCESS),
        Action::Restore(arguments) => restore(arguments).await.map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        report(error.as_ref());
        ExitCode::FAILURE
    })
}

async fn run(arguments: ServeArguments) -> Result<(), Box<dyn Error>> {
    begin_log(arguments.log_format, "info");
    // A file that reaches the limit of its size is an error to answer, not a reason to die.
    let _too_large = signal(SignalKind::from_raw(FILE_TOO_LARGE))?;
    let mut signals = StopSignals::new()?;
    let relay = serve(arguments.configure()?).await?;
    if let Some(address) = relay.metrics_address() {
        tracing::info!("metrics are at http://{address}/metrics");
    }
    let mut stdout = std::io::stdout();
    writeln!(stdout, "listening on http://{}", relay.address())?;
    stdout.flush()?;
    signals.next().await;
    tracing::info!("told to stop: what runs is finished first; a second signal ends it at once");
    tokio::select! {
        () = relay.stop() => Ok(()),
        () = signals.next() => Err("stopped at once; nothing that was acknowledged is lost".into()),
    }
}

fn begin_log(format: LogFormat, level: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}

fn write_configuration(arguments: &InitArguments) -> Result<(), Box<dyn Error>> {
    let known = Known {
        instance: arguments.instance.clone(),
        public_url: arguments.public_url.clone(),
        data: arguments.data.clone(),
    };
    let path = arguments.file.display();
    init::write(&arguments.file, &known)?;
    writeln!(
        std::io::stdout(),
        "{path} is written. Look through it, then: infrasound-relay doctor --config {path}"
    )?;
    Ok(())
}

async fn examine(arguments: DoctorArguments) -> Result<ExitCode, Box<dyn Error>> {
    let findings = doctor::examine(&arguments.settings.configure()?).await;
    let mut stdout = std::io::stdout();
    if arguments.json {
        writeln!(stdout, "{}", doctor::document(&findings))?;
    } else {
        let coloured = stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none();
        write!(stdout, "{}", doctor::table(&findings, coloured))?;
    }
    Ok(if doctor::is_well(&findings) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn back_up(arguments: BackupArguments) -> Result<(), Box<dyn Error>> {
    let made = backup::back_up(&arguments.data.directory()?, &arguments.to).await?;
    let to = arguments.to.display();
    writeln!(
        std::io::stdout(),
        "{to} is a backup, checked: the database and {} files ({} bytes)",
        made.files,
        made.bytes
    )?;
    Ok(())
}

async fn restore(arguments: RestoreArguments) -> Result<(), Box<dyn Error>> {
    let data = arguments.data.directory()?;
    let made = backup::restore(&arguments.from, &data).await?;
    let (data, begun) = (data.display(), made.begun.as_secs());
    writeln!(
        std::io::stdout(),
        "{data} is as it was at @{begun} (date -d @{begun} says when that was). Check who owns it, then start the relay."
    )?;
    Ok(())
}

/// SIGTERM and SIGINT.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn new() -> Result<Self, std::io::Error> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// One line: what went wrong, and why.
fn report(error: &(dyn Error + 'static)) {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    let line = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
    // There is nowhere else to say it.
    drop(writeln!(std::io::stderr(), "infrasound-relay: {line}"));
}
