//! A process that does not outlive its owner.

use std::process::Child;

/// Kills and reaps the process when dropped, on whatever way out.
#[derive(Debug)]
pub(crate) struct Mortal(Child);

impl Mortal {
    pub(crate) fn new(child: Child) -> Self {
        Self(child)
    }

    /// Whether the process has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Mortal {
    fn drop(&mut self) {
        // Both fail only for a process that is gone already, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_dropped_process_is_gone() {
        let child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let process = format!("/proc/{}", child.id());
        let mut mortal = Mortal::new(child);
        assert!(!mortal.has_ended());
        drop(mortal);
        assert!(!std::path::Path::new(&process).exists());
    }
}
