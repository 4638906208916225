//! Runs seeds of the simulator. `cargo xtask sim` runs it in release.

use std::{
    process::ExitCode,
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use clap::Parser;
use infrasound_spec::{mutant::Mutant, time::Timestamp};
use infrasound_tests::sim::{
    Outcome, Rule, campaign::Campaign, mutants, plan::Plan, run, run::beginning, shrink::shrink,
};

/// Runs that shrinking may take.
const SHRINKING: usize = 400;

/// Runs seeds of the simulator
#[derive(Debug, Parser)]
struct Arguments {
    /// How many seeds [default: 100; with --seed, that one]
    #[arg(long)]
    seeds: Option<u64>,
    /// The first seed
    #[arg(long, conflicts_with = "mutants")]
    seed: Option<u64>,
    /// Devices of a world, at most
    #[arg(long, default_value_t = 5)]
    devices: usize,
    /// Failing seeds after which no further one is begun
    #[arg(long, default_value_t = 1)]
    failures: usize,
    /// Runs that making a failing plan smaller may take
    #[arg(long, default_value_t = SHRINKING)]
    shrinking: usize,
    /// Break one thing after the other on purpose, until a seed shows it
    #[arg(long)]
    mutants: bool,
    /// Print what happens in the run of a failing seed, whole and not only made smaller
    #[arg(long)]
    trace: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let Arguments { seeds, seed, devices, failures, shrinking, mutants, trace } = arguments;
    let seeds = seeds.unwrap_or(if seed.is_some() { 1 } else { 100 });
    if mutants {
        return find_mutants(seeds, devices);
    }
    let campaign = Campaign { first: seed.unwrap_or(0), seeds, devices, failures };
    let (start, began) = (beginning(), Instant::now());
    let told = AtomicUsize::new(0);
    let outcome = campaign.run(start, |so_far| {
        let before = told.swap(so_far.failed.len(), Ordering::Relaxed);
        for (plan, report) in &so_far.failed[before..] {
            if let Some(violation) = &report.violation {
                eprintln!("seed {} has failed: {violation}", plan.seed);
            }
        }
        if so_far.seeds.is_multiple_of(10) {
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
            if shrinking > 0 {
                tell_smaller(plan, violation.rule, shrinking, start);
            }
        }
        println!("again: cargo xtask sim --seed {} --devices {devices}\n", plan.seed);
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
fn tell_smaller(plan: &Plan, rule: Rule, runs: usize, start: Timestamp) {
    let smaller = shrink(plan, rule, start, runs);
    let report = run(&smaller, start);
    println!("made smaller:\n{smaller}");
    report.lines.iter().for_each(|line| println!("{line}"));
    if let Some(violation) = report.violation {
        println!("{violation}");
    }
}

/// Each mutant must be found.
fn find_mutants(seeds: u64, devices: usize) -> ExitCode {
    let mut all = true;
    for mutant in Mutant::ALL {
        if let Some(found) = mutants::find(mutant, 0..seeds, devices, beginning()) {
            println!("{mutant:?}: seed {}: {}", found.seed, found.violation);
        } else {
            all = false;
            println!("{mutant:?}: not found within {seeds} seeds");
        }
    }
    if all { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
