//! Colour and columns for people at a terminal; plain text for everything else.

use std::env;
use std::io::{self, IsTerminal};

/// Whether and how to colour what goes to standard output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    coloured: bool,
}

impl Terminal {
    /// Colours only a terminal whose person has not set `NO_COLOR`.
    pub(crate) fn detect() -> Self {
        let declined = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { coloured: io::stdout().is_terminal() && !declined }
    }

    /// Never colours.
    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self { coloured: false }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.wrap("31", text)
    }

    pub(crate) fn green(self, text: &str) -> String {
        self.wrap("32", text)
    }

    pub(crate) fn yellow(self, text: &str) -> String {
        self.wrap("33", text)
    }

    pub(crate) fn magenta(self, text: &str) -> String {
        self.wrap("35", text)
    }

    pub(crate) fn cyan(self, text: &str) -> String {
        self.wrap("36", text)
    }

    /// Marks something that is as it should be, or is not.
    pub(crate) fn mark(self, good: bool) -> String {
        if good { self.green("✓") } else { self.red("✗") }
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.coloured { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Fills `text` with spaces to `width` characters.
///
/// Colour codes have a length of their own, so this comes before colouring.
pub(crate) fn padded(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.chars().count());
    format!("{text}{}", " ".repeat(missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_output_has_no_escape_codes() {
        assert_eq!(Terminal::plain().bold("word"), "word");
        assert_eq!(Terminal::plain().mark(false), "✗");
    }

    #[test]
    fn colour_ends_where_the_text_ends() {
        let terminal = Terminal { coloured: true };
        assert_eq!(terminal.red("word"), "\u{1b}[31mword\u{1b}[0m");
    }

    #[test]
    fn padding_counts_characters_and_never_cuts() {
        assert_eq!(padded("é", 3), "é  ");
        assert_eq!(padded("longer", 3), "longer");
    }
}
