//! One message at a time: written and read, by the core and by openmls alone, in turn.

use ed25519_dalek::SigningKey;
use infrasound_core::journal::Batch;

use super::{Pair, compared, text};
use crate::bench::{
    bare::Bare,
    report::{Report, Row},
    statistics::Samples,
};

const WARM_UP: u64 = 200;
const MESSAGES: u64 = 4_000;
/// Of bare openmls. Design §10.
const BUDGET: f64 = 1.5;

/// What is measured of each message.
#[derive(Default)]
struct Times {
    bare_create: Samples,
    bare_process: Samples,
    send: Samples,
    batch: Samples,
    signing: Samples,
    answer: Samples,
    receive: Samples,
}

/// Adds the rows, and gives some batches of sent messages.
pub(super) fn measure(pair: &mut Pair, report: &mut Report) -> Vec<Batch> {
    let mut bare = Bare::new();
    let key = SigningKey::from_bytes(&[7; 32]);
    let (mut times, mut batches) = (Times::default(), Vec::new());
    for number in 0..WARM_UP + MESSAGES {
        let mut ignored = Times::default();
        let counted = number >= WARM_UP;
        let times = if counted { &mut times } else { &mut ignored };
        measure_one(pair, &mut bare, &key, times, &mut batches);
    }
    add_rows(&times, &batches, report);
    batches.truncate(500);
    batches
}

fn measure_one(
    pair: &mut Pair,
    bare: &mut Bare,
    key: &SigningKey,
    times: &mut Times,
    batches: &mut Vec<Batch>,
) {
    let (took, bytes) = bare.create_message(text(pair.last).as_bytes());
    times.bare_create.add(took);
    let written = pair.write(key);
    times.send.add(written.took);
    times.signing.add(written.signing);
    times.batch.add(written.took.saturating_sub(written.signing));
    times.answer.add(written.answer);
    times.bare_process.add(bare.process_message(&bytes));
    let read = pair.read(&[written.entry]);
    assert!(!read.batches.is_empty(), "a message that is read is persisted");
    times.receive.add(read.took);
    batches.extend(written.batches);
}

fn add_rows(times: &Times, batches: &[Batch], report: &mut Report) {
    let create = times.bare_create.median_micros();
    let process = times.bare_process.median_micros();
    let (batch, receive) = (times.batch.median_micros(), times.receive.median_micros());
    report.add(Row::at_most(
        "send, until the sealed batch: ratio to bare create_message",
        batch / create,
        "×",
        BUDGET,
    ));
    report.add(Row::at_most(
        "receive, until the sealed batch: ratio to bare process_message",
        receive / process,
        "×",
        BUDGET,
    ));
    compared(report, "bare openmls create_message, 256 bytes, 2 members", create);
    compared(report, "send: encrypt and make the sealed batch", batch);
    compared(report, "send: sign the submission and write its JSON", times.signing.median_micros());
    compared(report, "send: the whole step", times.send.median_micros());
    compared(report, "send: take the relay's answer in", times.answer.median_micros());
    compared(report, "bare openmls process_message", process);
    compared(report, "receive: parse the page, decrypt, make the sealed batch", receive);
    report.add(Row::compared("send: sealed batch", mean_size(batches), "bytes"));
}

#[expect(clippy::cast_precision_loss, reason = "sizes far below 2^53")]
fn mean_size(batches: &[Batch]) -> f64 {
    let sizes = batches.iter().flat_map(|batch| &batch.put).map(|(_, _, value)| value.len());
    sizes.sum::<usize>() as f64 / batches.len().max(1) as f64
}
