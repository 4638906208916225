//! How far a file is, on a terminal. Elsewhere, and with `--json`, nothing is shown.

use std::io::{self, IsTerminal as _};

use indicatif::{ProgressBar, ProgressStyle};

use crate::{clean, screen::Screen, table};

/// A bar on standard error.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar that stands for nothing yet.
    pub(crate) fn new(screen: &Screen, name: &str) -> Self {
        if screen.is_json() || !io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(0);
        if let Ok(style) =
            ProgressStyle::with_template("{msg}  {bar:30}  {binary_bytes} of {binary_total_bytes}")
        {
            bar.set_style(style);
        }
        bar.set_message(table::shortened(&clean::line(name), 30));
        Self(bar)
    }

    /// So many of so many bytes are there.
    pub(crate) fn at(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
