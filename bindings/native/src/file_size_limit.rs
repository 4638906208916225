//! A limit on the size of files (`ulimit -f`) is a full disk like any other: said, not died of.

/// Without a handler, a write beyond RLIMIT_FSIZE kills the process; with one, the write fails and we say so. Does
/// nothing outside of a runtime.
#[cfg(unix)]
pub(crate) fn keep_running() {
    use std::sync::Once;
    use tokio::signal::unix::{SignalKind, signal};

    /// SIGXFSZ has this number on Linux (all but MIPS), macOS and the BSDs.
    const SIGXFSZ: i32 = 25;
    static ONCE: Once = Once::new();
    if tokio::runtime::Handle::try_current().is_err() {
        return;
    }
    ONCE.call_once(|| {
        // Where there is no such signal, there is nothing to survive. The handler stays when its receiver is gone.
        let _ = signal(SignalKind::from_raw(SIGXFSZ));
    });
}

#[cfg(not(unix))]
pub(crate) fn keep_running() {}
