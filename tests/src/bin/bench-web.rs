//! Measures the web client beside what people would embed instead. `cargo xtask bench web` builds the client, installs the
//! peers, and runs this in release.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a measuring program that cannot go on says where, and there is no report"
)]

#[path = "../bench/web/mod.rs"]
mod web;

use std::io;

use infrasound_tests::bench::{report::Report, report_path};

fn main() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut report = Report::new("web");
    // Cores are large, and so is what holds two of them.
    runtime.block_on(Box::pin(web::measure(&mut report)));
    report.write(&report_path("web"))
}
