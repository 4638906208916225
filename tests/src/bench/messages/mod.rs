//! `bench-core`: the core beside bare openmls, interleaved in one run on one thread, so that what disturbs one disturbs
//! the other. Values are medians.
//!
//! How the cost grows with the number of members, `bench-groups` measures.

mod catch_up;
mod disk;
mod opening;
mod ratios;

pub use opening::open_in_this_process;

use std::time::Duration;

use ed25519_dalek::SigningKey;
use infrasound_core::journal::Batch;
use infrasound_spec::{account::Handle, conversation::ConversationId, log::LogEntry};

use super::{
    driven::{Driven, Reaction, entry, page, sign_and_write},
    people::{introduce, person, relay},
    report::{Report, Row},
    scratch,
};

/// The text of each message: 256 bytes, all of them different.
pub(super) fn text(number: u64) -> String {
    let mut text = format!("message {number} ");
    while text.len() < 256 {
        text.push_str("of a person who has something to say ");
    }
    text.truncate(256);
    text
}

/// Two cores in one conversation, and the log between them.
pub struct Pair {
    writer: Driven,
    reader: Driven,
    conversation: ConversationId,
    to: Handle,
    last: u64,
}

/// A message that was written, and what each part of that took.
#[derive(Debug)]
pub struct Written {
    /// The step that a wish to send leads to: encrypted, sealed, signed, ready to go.
    pub took: Duration,
    /// Of that, what is not encryption and not the journal, done once more with the same bytes.
    pub signing: Duration,
    /// The step that the relay's answer leads to.
    pub answer: Duration,
    /// What is to be persisted before the message may go.
    pub batches: Vec<Batch>,
    /// The entry that the log has for it.
    pub entry: LogEntry,
}

impl Pair {
    /// Brings two devices into a conversation through a real relay, and takes their cores out.
    ///
    /// # Panics
    /// If they do not find together.
    pub async fn new() -> Self {
        let data = scratch();
        let relay = relay(data.path());
        let mut writer = person(&relay, "writer", 1).await;
        let mut reader = person(&relay, "reader", 2).await;
        introduce(&mut writer, &mut reader).await;
        let to = reader.handle();
        let (writer, reader) = (Driven::new(writer), Driven::new(reader));
        let conversation = writer.with(&to);
        let mut pair = Self { writer, reader, conversation, to, last: 0 };
        pair.find_the_end();
        pair
    }

    /// The first message says up to where the writer has the log; the reader must have as much.
    fn find_the_end(&mut self) {
        let begun = self.writer.send(&self.to, &text(0));
        let submitted = begun.submission();
        self.last = submitted.after + 1;
        let entry = entry(submitted, self.writer.device(), self.last, self.writer.now());
        self.writer.accepted(begun.request().id, &entry);
        self.read(&[entry]);
    }

    /// The writer writes one message, and learns that it is in the log.
    pub fn write(&mut self, key: &SigningKey) -> Written {
        let sent = self.writer.send(&self.to, &text(self.last));
        let submitted = sent.submission();
        let signing = sign_and_write(key, &self.conversation, &submitted);
        self.last += 1;
        let entry = entry(submitted, self.writer.device(), self.last, self.writer.now());
        let answer = self.writer.accepted(sent.request().id, &entry);
        let batches = sent.batches;
        Written { took: sent.took, signing, batches, answer: answer.took, entry }
    }

    /// The reader is told, asks, and gets these entries. Only the last step is timed.
    pub fn read(&mut self, entries: &[LogEntry]) -> Reaction {
        let last = entries.last().map_or(0, |entry| entry.number);
        let asked = self.reader.nudge(self.conversation, last);
        self.reader.answer(asked.request().id, &page(entries, last))
    }
}

/// Measures everything that `bench-core` measures.
///
/// # Panics
/// If something cannot be measured.
pub async fn run(report: &mut Report) {
    let mut pair = Pair::new().await;
    let batches = ratios::measure(&mut pair, report);
    disk::measure(&batches, report).await;
    catch_up::measure(&mut pair, report).await;
    opening::measure(report).await;
}

/// Measures catching up and opening, which belong to large groups as well.
///
/// # Panics
/// If something cannot be measured.
pub async fn catch_up_and_open(report: &mut Report) {
    catch_up::measure(&mut Pair::new().await, report).await;
    opening::measure(report).await;
}

fn compared(report: &mut Report, name: &str, value: f64) {
    report.add(Row::compared(name, value, "µs"));
}
