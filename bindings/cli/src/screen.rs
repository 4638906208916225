//! Where the command writes: things on standard output (or above the line that is being typed), errors apart.

use std::io::{self, IsTerminal as _, Write as _};

use rustyline::ExternalPrinter;

use crate::{clean, exit::CommandError, line::Line, paint::Paint, render};

/// How things are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// One JSON object a line.
    Json,
    /// For a person.
    Text,
}

/// The output of the command.
pub(crate) struct Screen {
    format: Format,
    paint: Paint,
    above: Option<Box<dyn ExternalPrinter + Send>>,
}

impl Screen {
    pub(crate) fn new(format: Format) -> Self {
        Self { format, paint: Paint::for_stream(&io::stdout()), above: None }
    }

    /// From now on writes above the line that is being typed.
    pub(crate) fn write_above(&mut self, printer: Box<dyn ExternalPrinter + Send>) {
        self.above = Some(printer);
    }

    /// Whether a person sees what they typed.
    pub(crate) fn shows_what_is_typed(&self) -> bool {
        self.above.is_some()
    }

    pub(crate) fn paint(&self) -> Paint {
        self.paint
    }

    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    pub(crate) fn is_terminal() -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal()
    }

    /// Says one thing.
    pub(crate) fn show(&mut self, line: &Line) -> Result<(), CommandError> {
        match self.format {
            Format::Json => {
                // Our own plain structs always serialise.
                let json = serde_json::to_string(line).unwrap_or_default();
                self.print(&clean::json(&json))
            }
            Format::Text => {
                let text = render::text(line, self.paint);
                match line {
                    // What is not an answer must not end up in a pipe.
                    Line::Warning(_) | Line::Offline { .. } if self.above.is_none() => {
                        let text = render::text(line, Paint::for_stream(&io::stderr()));
                        writeln!(io::stderr(), "{text}").map_err(CommandError::Output)
                    }
                    _ => self.print(&text),
                }
            }
        }
    }

    /// Says a list: with `--json` one by one, for a person as a table that is made by `rows`.
    pub(crate) fn list(
        &mut self,
        lines: &[Line],
        rows: impl FnOnce() -> Vec<String>,
        empty: &str,
    ) -> Result<(), CommandError> {
        match self.format {
            Format::Json => lines.iter().try_for_each(|line| self.show(line)),
            Format::Text if lines.is_empty() => self.note(empty),
            Format::Text => rows().iter().try_for_each(|row| self.print(row)),
        }
    }

    /// Says something to a person only.
    pub(crate) fn note(&mut self, text: &str) -> Result<(), CommandError> {
        if self.is_json() {
            return Ok(());
        }
        match &mut self.above {
            Some(_) => self.print(text),
            None => writeln!(io::stderr(), "{text}").map_err(CommandError::Output),
        }
    }

    fn print(&mut self, text: &str) -> Result<(), CommandError> {
        if let Some(printer) = &mut self.above {
            let printed = printer.print(format!("{text}\n"));
            return printed.map_err(|error| CommandError::Output(io::Error::other(error.to_string())));
        }
        let mut out = io::stdout().lock();
        // Flushed at once: whoever reads this through a pipe acts upon it.
        writeln!(out, "{text}").and_then(|()| out.flush()).map_err(CommandError::Output)
    }
}

/// Says why the command failed: for a program on standard output, for a person on standard error.
pub(crate) fn show_error(format: Format, error: &CommandError) {
    let line = Line::Error { code: error.code(), text: clean::lines(&error.to_string()), exit: error.exit() };
    // There is nobody left to tell that this can't be written.
    let _ = match format {
        Format::Json => Screen::new(format).show(&line).map_err(drop),
        Format::Text => {
            writeln!(io::stderr(), "{}", render::text(&line, Paint::for_stream(&io::stderr()))).map_err(drop)
        }
    };
}
