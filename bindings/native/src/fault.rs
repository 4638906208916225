//! A fault hook for tests: the process dies at an exact point of what the core asked for.
//!
//! With the feature `fault-injection` and `INFRASOUND_KILL_AFTER=N`, the process aborts when N outputs have been
//! carried out: what was persisted is, what comes next is not begun. Without the feature there is nothing here.

/// Counts outputs.
#[derive(Debug, Default)]
pub(crate) struct Fault {
    left: Option<u64>,
}

impl Fault {
    /// Reads the environment; without the feature the process is never ended.
    pub(crate) fn from_environment() -> Self {
        if !cfg!(feature = "fault-injection") {
            return Self::default();
        }
        Self { left: std::env::var("INFRASOUND_KILL_AFTER").ok().and_then(|n| n.parse().ok()) }
    }

    /// Whether outputs must be carried out one by one, so that the process can die between any two.
    pub(crate) fn is_armed(&self) -> bool {
        self.left.is_some()
    }

    /// An output is about to be carried out.
    pub(crate) fn before_output(&mut self) {
        if let Some(left) = &mut self.left {
            match left.checked_sub(1) {
                Some(fewer) => *left = fewer,
                None => std::process::abort(),
            }
        }
    }
}
