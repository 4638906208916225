//! Measures large groups in the client core's storage beside bare openmls. `cargo xtask bench groups` runs it in release.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a measuring program that cannot go on says where, and there is no report"
)]

#[path = "../bench/groups/mod.rs"]
mod groups;
#[path = "../../../client-core/src/unpack.rs"]
mod unpack;

use std::{env, io, path::Path};

use infrasound_tests::bench::{messages, report::Report, report_path};

fn main() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut arguments = env::args().skip(1);
    if let (Some("--open"), Some(journal)) = (arguments.next().as_deref(), arguments.next()) {
        runtime.block_on(messages::open_in_this_process(Path::new(&journal)));
        return Ok(());
    }
    let mut report = Report::new("groups");
    groups::run(&mut report);
    runtime.block_on(groups::run_over_a_relay(&mut report));
    runtime.block_on(messages::catch_up_and_open(&mut report));
    report.write(&report_path("groups"))
}
