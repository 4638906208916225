//! The disk: a batch of one sent message committed to the native host's journal, synced; and a bare sync beside it.

use std::{
    fs::File,
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
    time::Instant,
};

use infrasound_core::journal::Batch;

use super::compared;
use crate::bench::{journal::Journal, report::Report, scratch, statistics::Samples};

/// Adds the rows. Both are measured in turn, on the disk that holds the working directory's temporary files.
pub(super) async fn measure(batches: &[Batch], report: &mut Report) {
    let folder = scratch();
    let mut journal = Journal::open(&folder.path().join("journal.db")).await.expect("a journal");
    let mut file = File::create(folder.path().join("beside")).expect("a file");
    let (mut commits, mut syncs) = (Samples::default(), Samples::default());
    for batch in batches {
        let begin = Instant::now();
        journal.write(std::slice::from_ref(batch)).await.expect("a commit");
        commits.add(begin.elapsed());
        let begin = Instant::now();
        file.seek(SeekFrom::Start(0)).expect("a seek");
        file.write_all(&[7; 4096]).and_then(|()| file.sync_data()).expect("a sync");
        syncs.add(begin.elapsed());
    }
    journal.close().await.expect("an orderly end");
    compared(
        report,
        "disk: commit the batch of a sent message to the journal, synced",
        commits.median_micros(),
    );
    compared(report, "disk: write 4 KiB to a file and sync", syncs.median_micros());
}

/// Writes batches into a new journal.
pub(super) async fn store(path: &Path, batches: &[Batch]) {
    let mut journal = Journal::open(path).await.expect("a journal");
    journal.write(batches).await.expect("a commit");
    journal.close().await.expect("an orderly end");
}
