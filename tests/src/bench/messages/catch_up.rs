//! Catching up on 10,000 messages: pages of 500 as the relay gives them, each decrypted, recorded, sealed and committed
//! to the journal before the next one is asked for.

use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use infrasound_core::output::HttpRequest;
use infrasound_spec::log::LogEntry;

use super::Pair;
use crate::bench::{
    driven::{Reaction, page},
    journal::Journal,
    report::{Report, Row},
    scratch,
};

const MESSAGES: usize = 10_000;
const PAGE: usize = 500;
/// Seconds. Design §10.
const BUDGET: f64 = 3.0;

/// Adds the rows.
pub(super) async fn measure(pair: &mut Pair, report: &mut Report) {
    let key = SigningKey::from_bytes(&[7; 32]);
    let missed: Vec<LogEntry> = (0..MESSAGES).map(|_| pair.write(&key).entry).collect();
    let folder = scratch();
    let mut journal = Journal::open(&folder.path().join("journal.db")).await.expect("a journal");
    let (mut core, mut disk) = (Duration::ZERO, Duration::ZERO);
    let mut reaction = pair.reader.nudge(pair.conversation, pair.last);
    for entries in missed.chunks(PAGE) {
        let asked = log_request(&reaction).id;
        reaction = pair.reader.answer(asked, &page(entries, pair.last));
        core += reaction.took;
        let begin = Instant::now();
        journal.write(&reaction.batches).await.expect("a commit");
        disk += begin.elapsed();
    }
    assert!(reaction.requests.iter().all(|request| !request.path.contains("/log?")), "all was taken in");
    let total = (core + disk).as_secs_f64();
    let name = "catch up on 10,000 messages: pages of 500, decrypted, sealed, committed";
    report.add(Row::at_most(name, total, "s", BUDGET));
    report.add(Row::compared("catch up on 10,000 messages: the core's part", core.as_secs_f64(), "s"));
    report.add(Row::compared("catch up on 10,000 messages: the journal's part", disk.as_secs_f64(), "s"));
}

fn log_request(reaction: &Reaction) -> &HttpRequest {
    let mut requests = reaction.requests.iter();
    requests.find(|request| request.path.contains("/log?")).expect("the core asks for the next page")
}
