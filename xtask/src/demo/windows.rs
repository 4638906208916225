//! The story in browser windows: a script plays it (`bindings/web/demo`), and says what it does in JSON.

use std::io::{self, BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use thiserror::Error;

use super::DemoError;
use super::disk;
use super::narrator::Narrator;
use super::relay::Relay;
use crate::cargo;
use crate::child::Mortal;
use crate::interrupt;

const OTHERWISE: &str = "`cargo xtask demo --terminal` needs neither a browser nor Node.js";

/// Why there are no windows.
#[derive(Debug, Error)]
pub(crate) enum WindowsError {
    #[error(
        "Node.js was not found; install version 20 or newer (on Debian: apt-get install nodejs npm). {OTHERWISE}"
    )]
    NoNode,
    #[error("{what}. {OTHERWISE}")]
    Missing { what: String },
    #[error("the script in the browser could not be started")]
    NotStarted(#[source] io::Error),
    #[error("the script in the browser said something else than was expected")]
    NotJson(#[source] serde_json::Error),
    #[error("the script in the browser did not come to its end")]
    Ended,
}

/// A line of the script.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    Chapter(String),
    Holds(String),
    Picture(PathBuf),
    Played(Shown),
    Say(String),
    Wrote(String),
}

/// Whether somebody could see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Shown {
    #[serde(rename = "in windows")]
    InWindows,
    #[serde(rename = "unseen")]
    Unseen,
}

/// What becomes of the windows after the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Afterwards {
    /// They are closed, if there are any.
    Close,
    /// They stay, for whoever wants to go on.
    Stay,
}

/// The windows, for as long as this lives.
#[derive(Debug)]
pub(super) struct Windows {
    script: Mortal,
    /// The script closes them when this is closed.
    input: Option<ChildStdin>,
    pub(super) shown: Shown,
}

/// So long the script may take to close them and to remove their files.
const FAREWELL: Duration = Duration::from_secs(5);

impl Drop for Windows {
    fn drop(&mut self) {
        drop(self.input.take());
        let until = Instant::now() + FAREWELL;
        while Instant::now() < until && !self.script.has_ended() {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Windows {
    /// Whether somebody has closed them.
    pub(super) fn have_ended(&mut self) -> bool {
        self.script.has_ended()
    }
}

fn script(name: &str) -> Command {
    let mut node = Command::new("node");
    node.arg(cargo::workspace().join("bindings/web/demo").join(name)).stdout(Stdio::piped());
    node
}

/// Fails, and says what to install, if the script cannot run on this machine.
pub(super) fn check() -> Result<(), WindowsError> {
    let output = script("ready.mjs").output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => WindowsError::NoNode,
        _ => WindowsError::NotStarted(error),
    })?;
    if output.status.success() {
        return Ok(());
    }
    let what = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Err(WindowsError::Missing { what })
}

/// Plays the story, and looks at what the relay has stored of it.
pub(super) fn play(narrator: Narrator, relay: &Relay, afterwards: Afterwards) -> Result<Windows, DemoError> {
    let screens = cargo::target_directory()?.join("screens");
    let mut command = script("demo.mjs");
    command.args(["--instance", relay.address(), "--screens"]).arg(screens).stdin(Stdio::piped());
    match afterwards {
        Afterwards::Close => command.arg("--headless"),
        Afterwards::Stay => command.arg("--stay"),
    };
    let mut child = command.spawn().map_err(WindowsError::NotStarted)?;
    let input = child.stdin.take();
    let (script, told) = follow(narrator, child)?;
    interrupt::check()?;
    let windows = Windows { script, input, shown: told.shown.ok_or(WindowsError::Ended)? };
    disk::look(narrator, relay, told.texts.iter().map(String::as_str))?;
    Ok(windows)
}

/// What the script has said by its end.
#[derive(Debug, Default)]
struct Told {
    texts: Vec<String>,
    shown: Option<Shown>,
}

/// Tells what the script does, until it has played.
fn follow(narrator: Narrator, mut child: Child) -> Result<(Mortal, Told), DemoError> {
    let output = child.stdout.take();
    let script = Mortal::new(child);
    let mut told = Told::default();
    let lines = output.into_iter().flat_map(|output| BufReader::new(output).lines());
    for line in lines.map_while(Result::ok) {
        match serde_json::from_str(&line).map_err(WindowsError::NotJson)? {
            Line::Chapter(title) => narrator.chapter(&title),
            Line::Holds(claim) => narrator.holds(&claim),
            Line::Picture(path) => narrator.say(&format!("A picture of it: {}", path.display())),
            Line::Say(text) => narrator.say(&text),
            Line::Wrote(text) => {
                narrator.say(&format!("\u{201c}{text}\u{201d}"));
                told.texts.push(text);
            }
            Line::Played(shown) => {
                told.shown = Some(shown);
                break;
            }
        }
    }
    Ok((script, told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_the_script_are_understood() {
        for (line, kind) in [
            (r#"{"chapter":"Bob answers"}"#, "Chapter"),
            (r#"{"holds":"Bob reads"}"#, "Holds"),
            (r#"{"wrote":"Hello"}"#, "Wrote"),
            (r#"{"picture":"a/b.png"}"#, "Picture"),
            (r#"{"played":"unseen"}"#, "Played(Unseen"),
            (r#"{"played":"in windows"}"#, "Played(InWindows"),
        ] {
            let read: Line = serde_json::from_str(line).unwrap();
            assert!(format!("{read:?}").starts_with(kind), "{read:?}");
        }
        assert!(serde_json::from_str::<Line>(r#"{"other":1}"#).is_err());
    }
}
