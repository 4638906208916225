//! Ctrl-C and SIGTERM, turned into an error that unwinds: so that what was started is stopped by its owner.

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
