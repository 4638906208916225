//! Opening a client with 1,000 conversations: the journal of somebody to whom 1,000 people write, opened by a process
//! of its own, so that its memory is the client's alone.

use std::{
    env,
    path::Path,
    process::Command,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use infrasound_core::{Client, journal::Scope};
use infrasound_spec::{consent::ContactState, time::Timestamp};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

use super::disk;
use crate::{
    bench::{
        journal::Journal,
        machine,
        people::{person, relay},
        report::{Report, Row},
        scratch,
        statistics::median,
    },
    device::Device,
};

const CONVERSATIONS: u64 = 1_000;
const RUNS: usize = 7;
const SEED: u64 = 77;
/// Milliseconds. Design §10.
const BUDGET_TIME: f64 = 300.0;
/// Megabytes. Design §10.
const BUDGET_MEMORY: f64 = 64.0;

/// Adds the rows.
pub(super) async fn measure(report: &mut Report) {
    let folder = scratch();
    let path = folder.path().join("journal.db");
    let begin = Instant::now();
    make_journal(&path).await;
    let making = begin.elapsed().as_secs_f64();
    let opened: Vec<(f64, f64)> = (0..RUNS).map(|_| open_in_a_process(&path)).collect();
    let (times, memory) = opened.into_iter().unzip();
    let name = "open a client with 1,000 conversations: journal, core, list";
    report.add(Row::at_most(name, median(times), "ms", BUDGET_TIME));
    let name = "open a client with 1,000 conversations: resident memory of the process";
    report.add(Row::at_most(name, median(memory), "MB", BUDGET_MEMORY));
    report.add(Row::compared("1,000 accounts meet through the relay, to make that journal", making, "s"));
}

/// Everybody writes to one person, who accepts.
async fn make_journal(path: &Path) {
    let data = scratch();
    let relay = relay(data.path());
    let mut popular = person(&relay, "popular", SEED).await;
    let to = popular.handle();
    for number in 0..CONVERSATIONS {
        let mut other = person(&relay, &format!("friend{number}"), 1_000 + number).await;
        other.send(&to, &super::text(number)).await;
        popular.sync().await;
        popular.say(&other.handle(), ContactState::Accepted).await;
        popular.events.clear();
        popular.traffic.clear();
    }
    popular.advance(2_000).await;
    popular.sync().await;
    disk::store(path, &[popular.journal.as_batch()]).await;
}

/// Milliseconds and megabytes of a process that opens the journal.
fn open_in_a_process(path: &Path) -> (f64, f64) {
    let program = env::current_exe().expect("the path of this program");
    let output = Command::new(program).arg("--open").arg(path).output().expect("a process");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.split_whitespace().map_while(|number| number.parse().ok());
    let (Some(time), Some(memory)) = (numbers.next(), numbers.next()) else {
        panic!("the client was not opened: {text} {}", String::from_utf8_lossy(&output.stderr));
    };
    (time, memory)
}

/// Opens a client and lists its conversations; prints how many milliseconds that took, and megabytes.
///
/// # Panics
/// If it cannot be opened, or conversations are missing.
pub async fn open_in_this_process(path: &Path) {
    let begin = Instant::now();
    let mut journal = Journal::open(path).await.expect("a journal");
    let records = journal.read(Scope::ROOT).await.expect("the root's records");
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (core, outputs) =
        Client::open(&Device::storage_key(SEED), &records, now(), &mut rng).expect("a client");
    let listed = core.conversations().len();
    let took = begin.elapsed().as_secs_f64() * 1e3;
    assert_eq!(u64::try_from(listed), Ok(CONVERSATIONS));
    println!("{took} {}", machine::resident_megabytes());
    drop((journal, outputs));
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
