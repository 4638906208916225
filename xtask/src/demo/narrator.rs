//! How the story is told: who types what, what comes out, and what that means.

use std::io::{self, Write as _};

use crate::terminal::Terminal;

/// Writes the story to standard output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Narrator {
    terminal: Terminal,
}

impl Narrator {
    pub(crate) fn new(terminal: Terminal) -> Self {
        Self { terminal }
    }

    /// Begins a part of the story.
    pub(crate) fn chapter(self, title: &str) {
        line(&format!("\n{}", self.terminal.bold(title)));
    }

    /// Explains.
    pub(crate) fn say(self, text: &str) {
        line(&self.terminal.dim(text));
    }

    /// What somebody types.
    pub(crate) fn types(self, name: &str, command: &str) {
        line(&format!("{} {}", self.coloured(name, &format!("{name} $")), self.terminal.bold(command)));
    }

    /// What somebody then sees.
    pub(crate) fn sees(self, name: &str, output: &str) {
        let bar = self.coloured(name, "│");
        for text in output.lines() {
            line(format!("{bar} {text}").trim_end());
        }
    }

    /// Something that was checked, and holds.
    pub(crate) fn holds(self, claim: &str) {
        line(&format!("{} {claim}", self.terminal.mark(true)));
    }

    /// Text that is to be read, or copied, as it stands.
    pub(crate) fn plain(text: &str) {
        line(text);
    }

    /// A command to copy.
    pub(crate) fn command(self, command: &str) {
        line(&format!("  {}", self.terminal.cyan(command)));
    }

    /// The end.
    pub(crate) fn verdict(self, text: &str) {
        line(&format!("\n{}", self.terminal.green(text)));
    }

    fn coloured(self, name: &str, text: &str) -> String {
        if name == "alice" { self.terminal.magenta(text) } else { self.terminal.cyan(text) }
    }
}

/// Shown at once, so that the story can be followed; a closed output does not stop it.
fn line(text: &str) {
    let mut output = io::stdout().lock();
    let _ = writeln!(output, "{text}");
    let _ = output.flush();
}
