//! The relay as a process of its own, as an admin runs it. It ends with its value.

#![expect(clippy::expect_used, reason = "test support: a step that fails fails the test, and says which")]

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

const PATIENCE: Duration = Duration::from_mins(1);
const ANNOUNCEMENT: &str = "listening on ";

/// A running relay.
#[derive(Debug)]
pub struct RelayProcess {
    child: Child,
    base: String,
}

impl RelayProcess {
    /// Runs a command that ends in `infrasound-relay serve …`, until it says where it listens.
    ///
    /// # Panics
    /// If it does not start, or does not say so in time.
    pub fn start(command: &mut Command) -> Self {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the relay starts");
        let output = child.stdout.take().expect("the relay's output");
        let (sender, receiver) = mpsc::channel();
        // A thread of its own: so that waiting has an end, and the pipe never fills.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some((_, address)) = line.split_once(ANNOUNCEMENT) {
                    // Nobody waits any more after the first announcement.
                    let _ = sender.send(address.trim().trim_end_matches('/').to_owned());
                }
            }
        });
        let mut relay = Self { child, base: String::new() };
        relay.base = receiver.recv_timeout(PATIENCE).expect("the relay says where it listens");
        relay
    }

    /// A relay with its demo instance on a free port, all of whose files are in `data`.
    pub fn demo(data: &OsStr) -> Self {
        let program = crate::programs::programs().join("infrasound-relay");
        Self::start(
            Command::new(program).args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data"]).arg(data),
        )
    }

    /// `http://127.0.0.1:PORT`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The host part of handles on its demo instance.
    pub fn host(&self) -> &str {
        self.base.strip_prefix("http://").unwrap_or(&self.base)
    }
}

impl Drop for RelayProcess {
    fn drop(&mut self) {
        // Both fail only for a process that is gone already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
