//! Colour: only on a terminal, and not when `NO_COLOR` is set (no-color.org) or the terminal is dumb.

use std::io::IsTerminal;

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    Colour,
    Plain,
}

impl Paint {
    /// What fits a stream that is written to.
    pub(crate) fn for_stream(stream: &impl IsTerminal) -> Self {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if stream.is_terminal() && !is_set("NO_COLOR") && !is_dumb { Self::Colour } else { Self::Plain }
    }

    fn with(self, code: &str, text: &str) -> String {
        match self {
            Self::Colour => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::Plain => text.to_owned(),
        }
    }

    /// What matters.
    pub(crate) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// What matters less.
    pub(crate) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    /// Another person.
    pub(crate) fn other(self, text: &str) -> String {
        self.with("36", text)
    }

    /// Oneself.
    pub(crate) fn own(self, text: &str) -> String {
        self.with("32", text)
    }

    /// What should not be overlooked.
    pub(crate) fn loud(self, text: &str) -> String {
        self.with("1;31", text)
    }

    /// What waits for the person.
    pub(crate) fn waiting(self, text: &str) -> String {
        self.with("33", text)
    }
}
