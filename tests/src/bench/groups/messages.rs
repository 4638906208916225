//! One message, in groups of 2 to 1,000 in which only the writer has spoken.

use std::time::Instant;

use infrasound_tests::bench::{
    report::{Report, Row},
    statistics::Samples,
};
use openmls_rust_crypto::OpenMlsRustCrypto;

use super::{
    TEXT, founded,
    member::{Member, Ours},
    sealing::{Sealing, size},
};

const WARM_UP: usize = 200;
const MESSAGES: usize = 2_000;
/// Of the cost in a group of two. Issue 3.
const FLAT: f64 = 1.3;

/// What one message costs, in microseconds, and what it writes, in bytes.
pub(super) struct Written {
    pub(super) ours: f64,
    pub(super) bare: f64,
    pub(super) bytes: f64,
}

/// Adds the rows, and gives what a message costs in a group of two.
pub(super) fn measure(report: &mut Report) -> f64 {
    let mut sealing = Sealing::new();
    let costs = [2, 10, 100, 1_000].map(|members| {
        let (mut ours, mut bare) = founded(members);
        sealing.seal(&ours);
        let written = write(&mut ours, &mut bare, &mut sealing);
        let name = format!("encrypt and make the sealed batch, {members} members");
        report.add(Row::compared(&name, written.ours, "µs"));
        let name = format!("bare openmls create_message, {members} members");
        report.add(Row::compared(&name, written.bare, "µs"));
        written.ours
    });
    let [two, .., thousand] = costs;
    let name = "encrypt and make the sealed batch: 1,000 members, ratio to 2";
    report.add(Row::at_most(name, thousand / two, "×", FLAT));
    two
}

/// Writes messages over both storages, in turn.
pub(super) fn write(
    ours: &mut Member<Ours>,
    bare: &mut Member<OpenMlsRustCrypto>,
    sealing: &mut Sealing,
) -> Written {
    let (mut our_times, mut bare_times, mut bytes) = (Samples::default(), Samples::default(), 0);
    for number in 0..WARM_UP + MESSAGES {
        let begin = Instant::now();
        ours.write(TEXT);
        let batch = sealing.seal(ours);
        let ours_took = begin.elapsed();
        let begin = Instant::now();
        bare.write(TEXT);
        let bare_took = begin.elapsed();
        if number >= WARM_UP {
            our_times.add(ours_took);
            bare_times.add(bare_took);
            bytes += size(&batch);
        }
    }
    Written {
        ours: our_times.median_micros(),
        bare: bare_times.median_micros(),
        bytes: mean(bytes, MESSAGES),
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes far below 2^53")]
pub(super) fn mean(sum: usize, count: usize) -> f64 {
    sum as f64 / count.max(1) as f64
}
