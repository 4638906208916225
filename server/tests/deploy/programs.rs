//! Programs of this machine, and the relay's own.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

pub(crate) const RELAY: &str = env!("CARGO_BIN_EXE_infrasound-relay");

/// `server/deploy`.
pub(crate) fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

/// Whether a program is here. If not, the test that needs it is left out, aloud.
pub(crate) fn is_here(program: &str) -> bool {
    let found = std::env::var_os("PATH").is_some_and(|path| {
        let folders: Vec<_> =
            std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]).collect();
        folders.iter().any(|folder| folder.join(program).is_file())
    });
    if !found {
        eprintln!("left out: {program} is not on this machine");
    }
    found
}

/// Runs a command that must succeed. What it said on both outputs.
#[track_caller]
pub(crate) fn succeed(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    said
}

/// A port that nobody has now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A program that runs, until it is told to stop or dropped.
pub(crate) struct Running(Child);

impl Running {
    /// Starts a program that listens at a port, and waits until it does.
    pub(crate) fn start(command: &mut Command, port: u16) -> Self {
        let mut running = Self(command.stdin(Stdio::null()).spawn().unwrap());
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(running.0.try_wait().unwrap().is_none(), "{command:?} ended");
            assert!(begun.elapsed() < Duration::from_mins(1), "{command:?} does not listen");
            std::thread::yield_now();
        }
        running
    }

    /// SIGTERM; it must end well.
    pub(crate) fn stop(mut self) {
        succeed(Command::new("kill").args(["-TERM", &self.0.id().to_string()]));
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only for a process that is gone already, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
