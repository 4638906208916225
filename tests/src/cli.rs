//! The `infrasound` command as a process of its own, with a home directory: what a person or a script runs.

#![expect(clippy::expect_used, reason = "test support: a step that fails fails the test, and says which")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use crate::programs::programs;

/// A home directory, and the command that uses it.
#[derive(Debug, Clone)]
pub struct Cli {
    home: PathBuf,
}

/// How a command ended, and what it said as JSON.
#[derive(Debug)]
pub struct Said {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// One object for each whole line of standard output.
    pub lines: Vec<Value>,
    /// Standard error.
    pub complaint: String,
}

impl Cli {
    /// The command with this home, which need not exist.
    pub fn at(home: &Path) -> Self {
        Self { home: home.to_owned() }
    }

    /// The home.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The command with these arguments, its outputs piped, nobody at its keyboard.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_through(Command::new(programs().join("infrasound")), arguments)
    }

    /// The same, where `starter` is a program that starts the rest of its command line.
    pub fn command_through(&self, starter: Command, arguments: &[&str]) -> Command {
        let mut command = starter;
        command.arg("--json").arg("--home").arg(&self.home).args(arguments);
        for variable in ["INFRASOUND_HOME", "INFRASOUND_TOKEN", "INFRASOUND_INSECURE_HTTP"] {
            command.env_remove(variable);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// If it does not start.
    pub fn run(&self, arguments: &[&str]) -> Said {
        Said::of(&self.command(arguments).output().expect("the command starts"))
    }

    /// Runs it to its end, which must be a good one.
    ///
    /// # Panics
    /// If it does not do what it was asked for.
    #[track_caller]
    pub fn succeed(&self, arguments: &[&str]) -> Vec<Value> {
        let said = self.run(arguments);
        assert_eq!(said.code, Some(0), "infrasound {}: {said:?}", arguments.join(" "));
        said.lines
    }

    /// Signs in with a token of the instance, handed over by the environment.
    ///
    /// # Panics
    /// If the command does not start.
    pub fn login(&self, relay: &str, token: &str, more: &[&str]) -> Said {
        let arguments = [&["login", "--relay", relay], more].concat();
        let output = self.command(&arguments).env("INFRASOUND_TOKEN", token).output();
        Said::of(&output.expect("the command starts"))
    }

    /// The messages of a conversation, oldest first.
    ///
    /// # Panics
    /// If they cannot be read.
    #[track_caller]
    pub fn read(&self, conversation: &str) -> Vec<Value> {
        let lines = self.succeed(&["read", "--limit", "1000", "--", conversation]);
        lines.into_iter().filter(|line| line["type"] == "message").collect()
    }

    /// The texts of a conversation, oldest first.
    ///
    /// # Panics
    /// If they cannot be read.
    #[track_caller]
    pub fn texts(&self, conversation: &str) -> Vec<String> {
        let messages = self.read(conversation);
        messages.iter().map(|message| message["text"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl Said {
    /// Reads what a command wrote. A killed one may leave half a line at the end: that was not said.
    pub fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            lines: json_lines(&output.stdout),
            complaint: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The text of its error, and the code for programs.
    pub fn error(&self) -> (&str, &str) {
        let error = self.lines.iter().find(|line| line["type"] == "error");
        let text = |key: &str| error.and_then(|error| error[key].as_str()).unwrap_or_default();
        (text("code"), text("text"))
    }
}

/// The objects of all whole lines.
///
/// # Panics
/// If a whole line is not JSON.
pub fn json_lines(bytes: &[u8]) -> Vec<Value> {
    let whole = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
    whole.map(|line| serde_json::from_slice(line).expect("a line of JSON")).collect()
}
