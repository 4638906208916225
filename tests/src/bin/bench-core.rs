//! Measures the client core beside bare openmls. `cargo xtask bench core` runs it in release.

use std::{env, io, path::Path};

use infrasound_tests::bench::{messages, report::Report, report_path};

fn main() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut arguments = env::args().skip(1);
    if let (Some("--open"), Some(journal)) = (arguments.next().as_deref(), arguments.next()) {
        runtime.block_on(messages::open_in_this_process(Path::new(&journal)));
        return Ok(());
    }
    let mut report = Report::new("core");
    runtime.block_on(messages::run(&mut report));
    report.write(&report_path("core"))
}
