//! A group of 1,000: each of them joins, half over our storage and half over openmls' own, and says something. Then all
//! have spoken in the epoch, and every sender has a ratchet in everybody's storage.

use std::time::{Duration, Instant};

use infrasound_spec::roster::Roster;
use infrasound_tests::bench::{
    report::{Report, Row},
    statistics::Samples,
};
use openmls_rust_crypto::OpenMlsRustCrypto;

use super::{
    TEXT, arrivals,
    member::{Member, Newcomer, Ours, Person, Storage, parse},
    messages::{self, mean},
    packages,
    sealing::{Sealing, size},
};

const MEMBERS: u32 = 1_000;
/// Of the cost in a group of two. Issue 3.
const RATIO: f64 = 3.0;
/// Bytes. Issue 3.
const BYTES: f64 = 8_000.0;
/// Milliseconds. Issue 3.
const JOIN: f64 = 100.0;

/// What everybody said, and how long joining took.
#[derive(Default)]
struct Spoken {
    messages: Vec<Vec<u8>>,
    our_joins: Samples,
    leaves: Samples,
    verified: Samples,
    bare_joins: Samples,
}

/// Adds the rows.
pub(super) fn measure(report: &mut Report, two: f64) {
    let mut sealing = Sealing::new();
    let mut founder: Member<Ours> = Person::new(0).found();
    let ours = arrivals::<Ours>((1..MEMBERS).step_by(2));
    let mut bare = arrivals::<OpenMlsRustCrypto>((2..MEMBERS).step_by(2));
    let mut key_packages = packages(&ours);
    key_packages.extend(packages(&bare));
    let welcome = founder.commit(&key_packages).welcome.expect("a Welcome");
    founder.merge();
    sealing.seal(&founder);
    let tree = founder.tree();

    let mut reader = bare.remove(0).join(&welcome, &tree);
    let mut spoken = Spoken::default();
    for newcomer in ours {
        spoken.join_ours(newcomer, &welcome, &tree, &mut sealing);
    }
    for newcomer in bare {
        let begin = Instant::now();
        let mut member = newcomer.join(&welcome, &tree);
        spoken.bare_joins.add(begin.elapsed());
        spoken.messages.push(member.write(TEXT));
    }
    spoken.add_joins(report);
    read(report, &spoken.messages, &mut founder, &mut reader, &mut sealing);
    let said = reader.write(TEXT);
    founder.read(parse(&said));
    let said = founder.write(TEXT);
    reader.read(parse(&said));
    sealing.seal(&founder);
    write(report, two, &mut founder, &mut reader, &mut sealing);
}

impl Spoken {
    /// Until messages can be read: joined, what every leaf says of itself read, the batch made. After the first message,
    /// and before the core says anything itself, it verifies everybody.
    fn join_ours(&mut self, newcomer: Newcomer<Ours>, welcome: &[u8], tree: &[u8], sealing: &mut Sealing) {
        let begin = Instant::now();
        let mut member = newcomer.join(welcome, tree);
        let reading = Instant::now();
        let roster = Roster::of(member.group.public_group(), &Roster::default()).expect("leaves");
        assert!(roster.at(0).is_some(), "the inviter is endorsed");
        self.leaves.add(reading.elapsed());
        sealing.seal(&member);
        self.our_joins.add(begin.elapsed());
        let verifying = Instant::now();
        roster.members().expect("endorsed members");
        self.verified.add(verifying.elapsed());
        self.messages.push(member.write(TEXT));
    }

    fn add_joins(&self, report: &mut Report) {
        let name = "join 1,000 devices until messages can be read: leaves read, sealed batch made";
        report.add(Row::at_most(name, self.our_joins.median_micros() / 1e3, "ms", JOIN));
        let name = "join 1,000 devices: of that, reading what the leaves say of themselves";
        report.add(Row::compared(name, self.leaves.median_micros() / 1e3, "ms"));
        let name = "join 1,000 devices: after that, verifying 1,000 endorsements before saying anything";
        report.add(Row::compared(name, self.verified.median_micros() / 1e3, "ms"));
        let name = "bare openmls join, 1,000 members";
        report.add(Row::compared(name, self.bare_joins.median_micros() / 1e3, "ms"));
    }
}

/// The first message of everybody, read over both storages; the last hundred, when most ratchets are there.
fn read(
    report: &mut Report,
    said: &[Vec<u8>],
    ours: &mut Member<Ours>,
    bare: &mut Member<OpenMlsRustCrypto>,
    sealing: &mut Sealing,
) {
    let (mut our_times, mut bare_times, mut bytes) = (Samples::default(), Samples::default(), 0);
    for (number, message) in said.iter().enumerate() {
        let begin = Instant::now();
        let ours_took = {
            timed_read(ours, message);
            bytes += size(&sealing.seal(ours));
            begin.elapsed()
        };
        let bare_took = timed_read(bare, message);
        if number + 100 >= said.len() {
            our_times.add(ours_took);
            bare_times.add(bare_took);
        }
    }
    let name = "receive when all 1,000 have spoken: decrypt and make the sealed batch";
    report.add(Row::compared(name, our_times.median_micros(), "µs"));
    let name = "bare openmls process_message when all 1,000 have spoken";
    report.add(Row::compared(name, bare_times.median_micros(), "µs"));
    let name = "receive the first message of each of 1,000: written for each, on average";
    report.add(Row::compared(name, mean(bytes, said.len()), "bytes"));
}

fn timed_read<S: Storage>(member: &mut Member<S>, message: &[u8]) -> Duration {
    let message = parse(message);
    let begin = Instant::now();
    member.read(message);
    begin.elapsed()
}

fn write(
    report: &mut Report,
    two: f64,
    ours: &mut Member<Ours>,
    bare: &mut Member<OpenMlsRustCrypto>,
    sealing: &mut Sealing,
) {
    let written = messages::write(ours, bare, sealing);
    let name = "encrypt and make the sealed batch when all 1,000 have spoken: ratio to 2 members";
    report.add(Row::at_most(name, written.ours / two, "×", RATIO));
    let name = "encrypt when all 1,000 have spoken: written for each message";
    report.add(Row::at_most(name, written.bytes, "bytes", BYTES));
    let name = "encrypt and make the sealed batch when all 1,000 have spoken";
    report.add(Row::compared(name, written.ours, "µs"));
    let name = "bare openmls create_message when all 1,000 have spoken";
    report.add(Row::compared(name, written.bare, "µs"));
}
