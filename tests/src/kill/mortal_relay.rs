//! A relay that is killed and started again, on the same data and, for its clients, at the same address.

#![expect(clippy::expect_used, reason = "test support: a step that fails fails the test, and says which")]

use std::{
    fs::{self, File, OpenOptions},
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
};

use super::tap::Tap;
use crate::{programs::programs, relay_process::RelayProcess};

const NO_RATES: &str = "[rates]
requests_per_second = 0
sign_ins_per_minute = 0
claims_per_hour = 0
blobs_per_hour = 0
stranger_claims_per_hour = 0
stranger_claims_of_one_per_hour = 0
";

/// A relay with its demo instance, behind a [`Tap`].
#[derive(Debug)]
pub struct MortalRelay {
    /// The wire that its clients use.
    pub tap: Tap,
    folder: PathBuf,
    log_level: String,
    process: Mutex<Option<RelayProcess>>,
}

impl MortalRelay {
    /// A running relay whose files are in `folder`, without rate limits. `log_level` is as in RUST_LOG.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start(folder: &Path, log_level: &str) -> Self {
        fs::create_dir_all(folder).expect("a folder for the relay");
        fs::write(folder.join("relay.toml"), NO_RATES).expect("the relay's configuration");
        let tap = Tap::open().expect("a free port");
        let relay = Self {
            tap,
            folder: folder.to_owned(),
            log_level: log_level.to_owned(),
            process: Mutex::new(None),
        };
        relay.start_again();
        relay
    }

    /// Where clients reach it.
    pub fn base(&self) -> String {
        self.tap.base()
    }

    /// A handle of its instance.
    pub fn handle(&self, name: &str) -> String {
        format!("@{name}@{}", self.base().trim_start_matches("http://"))
    }

    /// Where its database is.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What it logged, over all its lives.
    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// SIGKILL.
    pub fn kill(&self) {
        // Dropping the process kills it and waits until it is gone.
        drop(self.process.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.tap.connect_to(None);
    }

    /// Starts it on the data that it has.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_again(&self) {
        let log = OpenOptions::new().create(true).append(true).open(self.log()).expect("the relay's log");
        let process = RelayProcess::start(&mut self.command(log));
        let address = process.host().parse().expect("the address that the relay listens on");
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = Some(process);
        self.tap.connect_to(Some(address));
    }

    fn command(&self, log: File) -> Command {
        let mut command = Command::new(programs().join("infrasound-relay"));
        command.args(["serve", "--demo", "--listen", "127.0.0.1:0", "--public-url"]).arg(self.base());
        command.arg("--data").arg(self.data()).arg("--config").arg(self.folder.join("relay.toml"));
        command.env("RUST_LOG", &self.log_level).env("NO_COLOR", "1").stderr(log);
        command
    }
}
