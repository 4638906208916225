//! Reading back: every acknowledged message is in its log, once, under the number that was acknowledged.

use std::collections::HashMap;

use infrasound_spec::{
    api::{conversations::LogPage, paths},
    limits::MAX_LOG_PAGE,
    log::{self, EntryDigest},
};

use super::{round::Outcome, senders::Sender};
use crate::relay_process::RelayProcess;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Acknowledged messages that are there, under their numbers, with their bytes.
    pub(super) found: f64,
    /// Acknowledged messages that are not.
    pub(super) missing: f64,
    /// Entries that do not follow the one before, and messages that are there twice.
    pub(super) misplaced: f64,
}

/// Reads all logs and compares.
pub(super) async fn count(relay: &RelayProcess, senders: &[Sender], outcomes: &[Outcome]) -> Kept {
    let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
    let mut kept = Kept::default();
    for (index, sender) in senders.iter().enumerate() {
        let entries = read(&http, relay, sender, &mut kept).await;
        let numbers = outcomes.iter().flat_map(|outcome| &outcome.numbers[index]);
        let per_round = sender.digests.chunks(super::PREPARED).zip(outcomes);
        let digests = per_round.flat_map(|(digests, outcome)| &digests[..outcome.numbers[index].len()]);
        for (number, digest) in numbers.zip(digests) {
            match number {
                Some(number) if entries.get(number) == Some(digest) => kept.found += 1.0,
                Some(_) => kept.missing += 1.0,
                None => {}
            }
        }
    }
    kept
}

/// A log's entries by number. The digests are those of the bytes that came.
async fn read(
    http: &reqwest::Client,
    relay: &RelayProcess,
    sender: &Sender,
    kept: &mut Kept,
) -> HashMap<u64, EntryDigest> {
    let path = paths::with(paths::LOG, "conversation", &sender.conversation.to_string());
    let (mut entries, mut after) = (HashMap::new(), 0);
    let mut seen = std::collections::HashSet::new();
    loop {
        let url = format!("{}{path}?after={after}&limit={MAX_LOG_PAGE}", relay.base());
        let answer = http.get(url).bearer_auth(&sender.token).send().await.expect("an answer");
        let page: LogPage = answer.error_for_status().expect("a page").json().await.expect("a page");
        for entry in &page.entries {
            let digest = entry.bytes.as_ref().map_or(entry.digest, |bytes| log::digest(bytes.as_slice()));
            if entry.number != after + 1 || !seen.insert((entry.submission, digest)) {
                kept.misplaced += 1.0;
            }
            after = entry.number;
            entries.insert(entry.number, digest);
        }
        if page.entries.is_empty() || after >= page.last {
            return entries;
        }
    }
}
