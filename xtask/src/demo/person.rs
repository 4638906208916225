//! A person at a terminal: runs the `infrasound` command with a home of their own.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use serde_json::Value;
use thiserror::Error;

use super::narrator::Narrator;
use crate::interrupt::{self, Interrupted};

const WARNING: &str = "WARNING:";

/// Why a command of the story did not do what it should.
#[derive(Debug, Error)]
pub(crate) enum PersonError {
    #[error("the infrasound command could not be started")]
    NotStarted(#[source] io::Error),
    #[error("{name}'s `infrasound {command}` ended with {status}: {complaint}")]
    Refused { name: String, command: String, status: ExitStatus, complaint: String },
    #[error("{name}'s `infrasound {command}` printed a line that is not JSON")]
    NotJson { name: String, command: String, source: serde_json::Error },
    #[error("{name} was warned: {output}")]
    Warned { name: String, output: String },
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// Somebody with a device.
#[derive(Debug)]
pub(crate) struct Person {
    name: &'static str,
    program: PathBuf,
    home: PathBuf,
    narrator: Narrator,
}

impl Person {
    pub(crate) fn new(name: &'static str, programs: &Path, homes: &Path, narrator: Narrator) -> Self {
        Self { name, program: programs.join("infrasound"), home: homes.join(name), narrator }
    }

    /// Signs in with a token of the instance, given by the environment: arguments are visible to everyone.
    pub(crate) fn login(&self, relay: &str, token: &str) -> Result<(), PersonError> {
        let arguments = ["login", "--relay", relay];
        let mut command = self.command(&arguments);
        command.env("INFRASOUND_TOKEN", token);
        self.show(&arguments, command)
    }

    /// Types a command and shows what comes out.
    pub(crate) fn types(&self, arguments: &[&str]) -> Result<(), PersonError> {
        self.show(arguments, self.command(arguments))
    }

    /// Asks for something as JSON, unseen.
    pub(crate) fn asks(&self, arguments: &[&str]) -> Result<Vec<Value>, PersonError> {
        interrupt::check()?;
        let output = self.command(arguments).arg("--json").output().map_err(PersonError::NotStarted)?;
        self.accept(arguments, output.status, &String::from_utf8_lossy(&output.stderr))?;
        let output = String::from_utf8_lossy(&output.stdout);
        let objects = output.lines().filter(|line| !line.trim().is_empty()).map(serde_json::from_str);
        objects.collect::<Result<_, _>>().map_err(|source| PersonError::NotJson {
            name: self.name.to_owned(),
            command: arguments.join(" "),
            source,
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--home").arg(&self.home).args(arguments).stdin(Stdio::null());
        command
    }

    fn show(&self, arguments: &[&str], command: Command) -> Result<(), PersonError> {
        interrupt::check()?;
        self.narrator.types(self.name, &typed(arguments));
        let (status, output) = watch(command).map_err(PersonError::NotStarted)?;
        self.narrator.sees(self.name, &output);
        self.accept(arguments, status, &output)?;
        // The client warns of whatever a relay should not do. Ours must give it no reason.
        if output.contains(WARNING) {
            return Err(PersonError::Warned { name: self.name.to_owned(), output });
        }
        Ok(())
    }

    fn accept(&self, arguments: &[&str], status: ExitStatus, complaint: &str) -> Result<(), PersonError> {
        interrupt::check()?;
        if status.success() {
            return Ok(());
        }
        let (name, command) = (self.name.to_owned(), arguments.join(" "));
        Err(PersonError::Refused { name, command, status, complaint: complaint.trim().to_owned() })
    }
}

/// Runs a command and returns both its outputs as a terminal would show them: in the order of writing.
fn watch(mut command: Command) -> io::Result<(ExitStatus, String)> {
    let (mut reader, writer) = io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn()?;
    // It holds our ends for writing: while they are open, there is no end to read to.
    drop(command);
    let mut output = Vec::new();
    let read = reader.read_to_end(&mut output);
    let status = child.wait()?;
    read?;
    Ok((status, String::from_utf8_lossy(&output).into_owned()))
}

/// A command as one would type it into a shell.
fn typed(arguments: &[&str]) -> String {
    let words = arguments.iter().map(|word| {
        let is_plain = word.chars().all(|c| c.is_alphanumeric() || "@:./-_".contains(c));
        if is_plain { (*word).to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
    });
    format!("infrasound {}", words.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_can_be_typed_into_a_shell() {
        let command = typed(&["send", "@bob@127.0.0.1:80", "it's me"]);
        assert_eq!(command, "infrasound send @bob@127.0.0.1:80 'it'\\''s me'");
    }

    #[test]
    fn both_outputs_are_seen_in_the_order_of_writing() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; echo three; exit 4"]);
        let (status, output) = watch(command).unwrap();
        assert_eq!((status.code(), output.as_str()), (Some(4), "one\ntwo\nthree\n"));
    }
}
