//! A person at a terminal: runs the `infrasound` command with a home of their own.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

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
    Refused { name: String, command: String, status: std::process::ExitStatus, complaint: String },
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
        self.narrator.types(self.name, &format!("infrasound login --relay {relay}"));
        let arguments = ["login", "--relay", relay];
        let output = self.finish(&arguments, self.command(&arguments).env("INFRASOUND_TOKEN", token))?;
        self.narrator.sees(self.name, &output);
        Ok(())
    }

    /// Types a command and shows what comes out.
    pub(crate) fn types(&self, arguments: &[&str]) -> Result<(), PersonError> {
        self.narrator.types(self.name, &typed(arguments));
        let output = self.finish(arguments, &mut self.command(arguments))?;
        self.narrator.sees(self.name, &output);
        // The client warns of whatever a relay should not do. Ours must give it no reason.
        if output.contains(WARNING) {
            return Err(PersonError::Warned { name: self.name.to_owned(), output });
        }
        Ok(())
    }

    /// Asks for something as JSON, unseen.
    pub(crate) fn asks(&self, arguments: &[&str]) -> Result<Vec<Value>, PersonError> {
        let output = self.finish(arguments, self.command(arguments).arg("--json"))?;
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

    fn finish(&self, arguments: &[&str], command: &mut Command) -> Result<String, PersonError> {
        interrupt::check()?;
        let Output { status, stdout, stderr } = command.output().map_err(PersonError::NotStarted)?;
        interrupt::check()?;
        if !status.success() {
            let complaint = String::from_utf8_lossy(&stderr).trim().to_owned();
            let command = arguments.join(" ");
            return Err(PersonError::Refused { name: self.name.to_owned(), command, status, complaint });
        }
        Ok(String::from_utf8_lossy(&stdout).into_owned())
    }
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
}
