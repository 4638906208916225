//! Measures the relay under 64 senders. `cargo xtask bench relay` runs it in release.

use std::{env, io};

use infrasound_tests::bench::{load, report::Report, report_path};

fn main() -> io::Result<()> {
    if env::args().any(|argument| argument == "--no-op") {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(load::serve_no_op());
        return Ok(());
    }
    // One thread: the machine is the relay's.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut report = Report::new("relay");
    runtime.block_on(load::run(&mut report));
    report.write(&report_path("relay"))
}
