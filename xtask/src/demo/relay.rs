//! The relay as a process of its own, on a free port of loopback.

use std::env;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::sign_in;
use crate::child::Mortal;

const PATIENCE: Duration = Duration::from_secs(30);
const ANNOUNCEMENT: &str = "listening on ";

/// Why there is no relay to talk to.
#[derive(Debug, Error)]
pub(crate) enum RelayError {
    #[error("the relay's folder cannot be made")]
    Folder(#[source] io::Error),
    #[error("the relay could not be started")]
    NotStarted(#[source] io::Error),
    #[error("the relay ended by itself; its log says:\n{log}")]
    Ended { log: String },
    #[error("the relay did not get ready; its log says:\n{log}")]
    NotReady { log: String },
}

/// A running relay. It ends with this value.
#[derive(Debug)]
pub(crate) struct Relay {
    process: Mortal,
    address: String,
    folder: PathBuf,
}

impl Relay {
    /// Starts the relay with its demo instance and waits until it says that it is ready.
    pub(crate) fn start(programs: &Path, folder: &Path) -> Result<Self, RelayError> {
        let data = folder.join("data");
        fs::create_dir_all(&data).map_err(RelayError::Folder)?;
        let log_file = folder.join("log");
        let log = File::create(&log_file).map_err(RelayError::Folder)?;
        let mut command = Command::new(programs.join("infrasound-relay"));
        // Settings of some other relay of this person's must not become this one's.
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("INFRASOUND_"))
        {
            command.env_remove(name);
        }
        let mut child = command
            .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(RelayError::NotStarted)?;
        let output = child.stdout.take();
        let mut process = Mortal::new(child);
        let deadline = Instant::now() + PATIENCE;
        let announced = output.and_then(announced_address);
        let ready = announced.filter(|address| is_ready(&mut process, address, deadline));
        let not_ready = || RelayError::NotReady { log: fs::read_to_string(&log_file).unwrap_or_default() };
        Ok(Self { address: ready.ok_or_else(not_ready)?, process, folder: folder.to_owned() })
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The host part of handles on the demo instance.
    pub(crate) fn host(&self) -> &str {
        self.address.strip_prefix("http://").unwrap_or(&self.address)
    }

    /// Where database and log are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What to say when it has ended and nobody asked it to.
    pub(crate) fn ended(&self) -> RelayError {
        RelayError::Ended { log: fs::read_to_string(self.folder.join("log")).unwrap_or_default() }
    }

    /// Whether the process has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.process.has_ended()
    }
}

/// Reads the relay's lines on a thread of its own, so that waiting has an end and the pipe never fills.
fn announced_address(output: ChildStdout) -> Option<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some((_, address)) = line.split_once(ANNOUNCEMENT) {
                // Nobody waits any more after the first announcement.
                let _ = sender.send(address.trim().trim_end_matches('/').to_owned());
            }
        }
    });
    receiver.recv_timeout(PATIENCE).ok()
}

fn is_ready(process: &mut Mortal, address: &str, deadline: Instant) -> bool {
    let url = format!("{address}/readyz");
    while Instant::now() < deadline && !process.has_ended() {
        if sign_in::agent().get(&url).call().is_ok_and(|answer| answer.status().is_success()) {
            return true;
        }
        thread::sleep(Duration::from_millis(50));
    }
    false
}
