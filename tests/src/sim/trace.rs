//! What happened, line by line: its digest tells two runs apart, its end tells a person what led to a failure.

use std::{collections::VecDeque, fmt};

use infrasound_spec::log::{self, EntryDigest};

/// Lines that are kept: more than a world has that comes to rest.
const KEPT: usize = 100_000;

/// A record of a run.
#[derive(Debug)]
pub(super) struct Trace {
    digest: EntryDigest,
    lines: VecDeque<String>,
    count: u64,
}

impl Trace {
    pub(super) fn new() -> Self {
        Self { digest: log::digest(b"trace"), lines: VecDeque::new(), count: 0 }
    }

    /// Notes what happens at a time, in milliseconds since the world began.
    pub(super) fn note(&mut self, at: u64, what: fmt::Arguments<'_>) {
        self.note_with(at, what, "");
    }

    /// The same, with something that is only to be read: it need not be the same in two runs.
    pub(super) fn note_with(&mut self, at: u64, what: fmt::Arguments<'_>, aside: &str) {
        let mut line = format!("{:>10}.{:03} {what}", at / 1000, at % 1000);
        self.digest = log::digest(&[self.digest.as_bytes().as_slice(), line.as_bytes()].concat());
        self.count += 1;
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        line.push_str(aside);
        self.lines.push_back(line);
    }

    pub(super) fn digest(&self) -> EntryDigest {
        self.digest
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        self.lines.into()
    }
}
