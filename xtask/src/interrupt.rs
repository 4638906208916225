//! Ctrl-C and SIGTERM, turned into an error that unwinds: so that what was started is stopped by its owner.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use thiserror::Error;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Somebody asked this process to end.
#[derive(Debug, Error)]
#[error("interrupted")]
pub(crate) struct Interrupted;

/// From now on an interrupt is noticed by [`check`] and [`wait`], and does not end the process at once.
pub(crate) fn listen() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::SeqCst))
}

/// Fails if an interrupt has come.
pub(crate) fn check() -> Result<(), Interrupted> {
    if INTERRUPTED.load(Ordering::SeqCst) { Err(Interrupted) } else { Ok(()) }
}

/// Returns once an interrupt comes, or once `ended` says that there is nothing left to wait for.
pub(crate) fn wait(mut ended: impl FnMut() -> bool) {
    while check().is_ok() && !ended() {
        thread::sleep(Duration::from_millis(100));
    }
}

/// Notices, from now on, that somebody presses Enter. An input that is at its end is nobody.
pub(crate) fn enter() -> Enter {
    let come = Arc::new(AtomicBool::new(false));
    let noticed = Arc::clone(&come);
    // It may wait for ever, and ends with the process.
    thread::spawn(move || {
        let mut line = String::new();
        if io::stdin().read_line(&mut line).is_ok_and(|length| length > 0) {
            noticed.store(true, Ordering::SeqCst);
        }
    });
    Enter(come)
}

/// See [`enter`].
#[derive(Debug)]
pub(crate) struct Enter(Arc<AtomicBool>);

impl Enter {
    /// Whether somebody has.
    pub(crate) fn has_come(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
