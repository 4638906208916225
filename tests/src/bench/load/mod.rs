//! `bench-relay`: 64 senders, each with a conversation of its own and one request outstanding, against a relay that is a
//! process of its own with its database on the disk of cargo's target folder.
//!
//! Everything that a client does is done beforehand: what is sent are bytes. Each round measures the relay and what it
//! is compared with, one after the other; rows are medians of the rounds. At the end every acknowledged message is read
//! back: none lost, none twice, no gap.

mod connection;
mod latency;
mod no_op;
mod raw_sqlite;
mod read_back;
mod round;
mod senders;

pub use no_op::serve as serve_no_op;

use std::{
    env,
    process::{self, Command},
    time::Instant,
};

use super::{
    machine,
    people::relay,
    report::{Report, Row},
    scratch,
    statistics::{Samples, median},
};
use crate::relay_process::RelayProcess;
use raw_sqlite::Insert;
use round::Outcome;
use senders::Sender;

/// Senders at once. Issue 2.
const SENDERS: usize = 64;
const ROUNDS: usize = 3;
/// Messages that are prepared for each sender and round. A round ends when a sender has sent all of its messages.
const PREPARED: usize = 1_000;
/// Messages a second. Design §10.
const BUDGET_RATE: f64 = 10_000.0;
/// Milliseconds. Design §10.
const BUDGET_P99: f64 = 20.0;

/// What the rounds found, one value for each round.
#[derive(Default)]
struct Found {
    rate: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
    slowest: Vec<f64>,
    errors: usize,
    relay_time: Vec<f64>,
    own_time: Vec<f64>,
    no_op: Vec<f64>,
    health: Vec<f64>,
    one_row: Vec<f64>,
    hundred_rows: Vec<f64>,
    one_statement: Vec<f64>,
}

/// Measures everything that `bench-relay` measures.
///
/// # Panics
/// If something cannot be measured, or a message was lost.
pub async fn run(report: &mut Report) {
    let data = scratch();
    let relay = relay(data.path());
    let begin = Instant::now();
    let mut senders = senders::make(&relay, SENDERS).await;
    let meeting = begin.elapsed();
    let begin = Instant::now();
    for sender in &mut senders {
        sender.prepare(ROUNDS * PREPARED);
    }
    let preparing = begin.elapsed();
    let (found, outcomes) = rounds(&relay, &senders).await;
    add_rows(&found, report);
    let latency = Box::pin(latency::measure(&relay)).await;
    add_latency(&latency, report);
    let kept = read_back::count(&relay, &senders, &outcomes).await;
    report.add(Row::at_most(
        "acknowledged messages lost, altered or out of place",
        kept.missing,
        "messages",
        0.0,
    ));
    report.add(Row::at_most("gaps and repeats in the logs", kept.misplaced, "entries", 0.0));
    report.add(Row::compared("acknowledged messages read back", kept.found, "messages"));
    report.add(Row::compared("before: 128 accounts register and 64 pairs meet", meeting.as_secs_f64(), "s"));
    let name = format!("before: {} messages encrypted and signed", SENDERS * ROUNDS * PREPARED);
    report.add(Row::compared(&name, preparing.as_secs_f64(), "s"));
    report.add(Row::compared("a request", senders::mean_size(&senders), "bytes"));
}

async fn rounds(relay: &RelayProcess, senders: &[Sender]) -> (Found, Vec<Outcome>) {
    let no_op = start_no_op();
    let (mut found, mut outcomes) = (Found::default(), Vec::new());
    for number in 0..ROUNDS {
        let of_round: Vec<&[Vec<u8>]> = senders.iter().map(|sender| sender.round(number, PREPARED)).collect();
        let before = [relay.id(), process::id()].map(machine::processor_seconds);
        let outcome = round::run(relay.host(), &of_round).await;
        let after = [relay.id(), process::id()].map(machine::processor_seconds);
        found.take(&outcome);
        found.relay_time.push(outcome.micros_each(after[0] - before[0]));
        found.own_time.push(outcome.micros_each(after[1] - before[1]));
        outcomes.push(outcome);
        found.no_op.push(round::run(no_op.host(), &of_round).await.rate());
        found
            .health
            .push(round::run_one(relay.host(), &senders::health(relay), SENDERS, PREPARED).await.rate());
        found.one_row.push(raw_sqlite::rate(Insert::OneInATransaction).await);
        found.hundred_rows.push(raw_sqlite::rate(Insert::HundredInATransaction).await);
        found.one_statement.push(raw_sqlite::rate(Insert::HundredInAStatement).await);
    }
    (found, outcomes)
}

/// The endpoint that does nothing, as a process like the relay's.
fn start_no_op() -> RelayProcess {
    let program = env::current_exe().expect("the path of this program");
    RelayProcess::start(Command::new(program).arg("--no-op"))
}

impl Found {
    fn take(&mut self, outcome: &Outcome) {
        self.rate.push(outcome.rate());
        self.p50.push(outcome.times.percentile_millis(50.0));
        self.p99.push(outcome.times.percentile_millis(99.0));
        self.slowest.push(outcome.times.percentile_millis(100.0));
        self.errors += outcome.errors;
        eprintln!("{:>12.0} messages/s, p99 {:.2} ms", outcome.rate(), outcome.times.percentile_millis(99.0));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a number of requests")]
fn add_rows(found: &Found, report: &mut Report) {
    let rate = median(found.rate.clone());
    report.add(Row::at_least("durable messages accepted from 64 senders", rate, "per s", BUDGET_RATE));
    let p99 = median(found.p99.clone());
    report.add(Row::at_most("until a message is acknowledged, p99", p99, "ms", BUDGET_P99));
    report.add(Row::at_most("requests that failed", found.errors as f64, "requests", 0.0));
    report.add(Row::compared("until a message is acknowledged, p50", median(found.p50.clone()), "ms"));
    report.add(Row::compared(
        "until a message is acknowledged, slowest",
        median(found.slowest.clone()),
        "ms",
    ));
    let name = "processor time of a message: the relay's process";
    report.add(Row::compared(name, median(found.relay_time.clone()), "µs"));
    let name = "processor time of a message: the generator's process";
    report.add(Row::compared(name, median(found.own_time.clone()), "µs"));
    let compared = [
        ("the relay's /healthz, 64 connections", &found.health),
        ("no-op endpoint with the same requests, 64 connections", &found.no_op),
        ("raw SQLite: 400-byte rows, one a transaction, synced", &found.one_row),
        ("raw SQLite: a hundred a transaction, synced", &found.hundred_rows),
        ("raw SQLite: a hundred in one statement and transaction, synced", &found.one_statement),
    ];
    for (name, rates) in compared {
        report.add(Row::compared(name, median(rates.clone()), "per s"));
    }
}

fn add_latency(latency: &latency::Latency, report: &mut Report) {
    let mut add = |name: &str, times: &Samples| {
        for percent in [50.0, 99.0] {
            let name = format!("{name}, one at a time, p{percent}");
            report.add(Row::compared(&name, times.percentile_millis(percent), "ms"));
        }
    };
    add("sent until acknowledged", &latency.acknowledged);
    add("sent until the other's stream says so", &latency.nudged);
    add("sent until the other has it", &latency.received);
}
