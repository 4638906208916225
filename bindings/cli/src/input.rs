//! What a person types.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

use infrasound_spec::limits::MAX_CONTENT;
use rustyline::{DefaultEditor, ExternalPrinter, error::ReadlineError};
use tokio::sync::mpsc;

use crate::exit::CommandError;

/// The text that was given, or standard input for `-`.
pub(crate) fn text(argument: String) -> Result<String, CommandError> {
    let text = if argument == "-" { standard_input()? } else { argument };
    if text.trim().is_empty() { Err(CommandError::Usage("there is no text".to_owned())) } else { Ok(text) }
}

fn standard_input() -> Result<String, CommandError> {
    let mut text = String::new();
    // One byte more than any message has: the core then says that it is too long.
    let limit = u64::try_from(MAX_CONTENT).unwrap_or(u64::MAX) + 1;
    io::stdin().take(limit).read_to_string(&mut text).map_err(CommandError::Input)?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// Asks, and reads one line.
pub(crate) async fn ask(question: &str) -> Result<String, CommandError> {
    let mut err = io::stderr();
    write!(err, "{question}").and_then(|()| err.flush()).map_err(CommandError::Output)?;
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|_| line)
    });
    let line = read.await.map_err(|error| CommandError::Input(io::Error::other(error)))?;
    Ok(line.map_err(CommandError::Input)?.trim().to_owned())
}

/// Asks, and says whether the answer was yes.
pub(crate) async fn is_yes(question: &str) -> Result<bool, CommandError> {
    Ok(ask(question).await?.trim_matches('"').eq_ignore_ascii_case("yes"))
}

/// Whether somebody is there to be asked.
pub(crate) fn is_interactive() -> bool {
    io::stdin().is_terminal()
}

/// Lines as they are typed, until the end of input.
pub(crate) fn lines() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// Lines from a line editor, and what prints above the line that is being typed.
pub(crate) fn edited_lines(
    prompt: &'static str,
) -> Result<(mpsc::Receiver<String>, Box<dyn ExternalPrinter + Send>), CommandError> {
    let broken = |error: ReadlineError| CommandError::Input(io::Error::other(error.to_string()));
    let mut editor = DefaultEditor::new().map_err(broken)?;
    let printer = editor.create_external_printer().map_err(broken)?;
    let (sender, lines) = mpsc::channel(16);
    std::thread::spawn(move || {
        while let Ok(line) = editor.readline(prompt) {
            // History is for the arrow keys, in memory only.
            let _ = editor.add_history_entry(&line);
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    Ok((lines, Box::new(printer)))
}
