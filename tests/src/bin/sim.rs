//! Runs seeds of the simulator. `cargo xtask sim` builds and starts it.

use std::process::ExitCode;

use infrasound_tests::sim::{plan::Plan, run, run::beginning};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let first: u64 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(0);
    let count: u64 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(1);
    let start = std::time::Instant::now();
    for seed in first..first + count {
        let plan = Plan::of(seed, 4);
        let report = run(&plan, beginning());
        println!("{seed} {} {:?} {:?}", report.steps, report.trace, report.violation);
        if report.violation.is_some() {
            for line in &report.lines {
                println!("{line}");
            }
            println!("{plan}");
            return ExitCode::FAILURE;
        }
    }
    println!("{:?}", start.elapsed());
    ExitCode::SUCCESS
}
