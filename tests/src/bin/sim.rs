//! Runs seeds of the simulator. `cargo xtask sim` runs it in release.

use std::{process::ExitCode, time::Instant};

use clap::Parser;
use infrasound_tests::sim::{Outcome, campaign::Campaign, plan::Plan, run, run::beginning, shrink::shrink};

/// Runs that shrinking may take.
const SHRINKING: usize = 400;

/// Runs seeds of the simulator
#[derive(Debug, Parser)]
struct Arguments {
    /// How many seeds
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first seed; alone, only this one
    #[arg(long)]
    seed: Option<u64>,
    /// Devices of a world, at most
    #[arg(long, default_value_t = 5)]
    devices: usize,
    /// Failing seeds after which no further one is begun
    #[arg(long, default_value_t = 1)]
    failures: usize,
    /// Print what happens in the run of a failing seed, whole and not only made smaller
    #[arg(long)]
    trace: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let Arguments { seeds, seed, devices, failures, trace } = arguments;
    let campaign = Campaign { first: seed.unwrap_or(0), seeds, devices, failures };
    let (start, began) = (beginning(), Instant::now());
    let outcome = campaign.run(start, |so_far| {
        if so_far.seeds.is_multiple_of(100) {
            let Outcome { seeds: done, steps, failed } = so_far;
            eprintln!("{done} seeds, {steps} steps, {} failures, {:?}", failed.len(), began.elapsed());
        }
    });
    for (plan, report) in &outcome.failed {
        println!("seed {} fails", plan.seed);
        if let Some(violation) = &report.violation {
            println!("{violation}");
            if trace {
                report.lines.iter().for_each(|line| println!("{line}"));
            }
            tell_smaller(plan, violation.rule, start);
        }
        println!("again: cargo xtask sim --seeds 1 --seed {} --devices {devices}\n", plan.seed);
    }
    println!(
        "{} seeds, {} steps, {} failures, {:.1} s",
        outcome.seeds,
        outcome.steps,
        outcome.failed.len(),
        began.elapsed().as_secs_f64()
    );
    if outcome.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The smallest plan that breaks the same rule, and what happens in it.
fn tell_smaller(plan: &Plan, rule: infrasound_tests::sim::Rule, start: infrasound_spec::time::Timestamp) {
    let smaller = shrink(plan, rule, start, SHRINKING);
    let report = run(&smaller, start);
    println!("made smaller:\n{smaller}");
    report.lines.iter().for_each(|line| println!("{line}"));
    if let Some(violation) = report.violation {
        println!("{violation}");
    }
}
