//! Commits that renew a leaf, in groups of 2 to 5,000: made, applied by their maker, and applied by another member.

use std::time::{Duration, Instant};

use infrasound_spec::roster::Roster;
use infrasound_tests::bench::report::{Report, Row};
use openmls::prelude::ProcessedMessageContent;
use openmls_rust_crypto::OpenMlsRustCrypto;

use super::{
    TEXT, arrivals,
    member::{Member, Ours, Person, Storage, parse},
    messages::mean,
    millis, packages,
    sealing::{Sealing, size},
};

/// Adds the rows.
pub(super) fn measure(report: &mut Report) {
    for members in [2, 100, 1_000, 5_000] {
        of_size(report, members);
    }
}

/// A founder and one who joined, over our storage; another who joined, over openmls' own. The others are only leaves.
fn of_size(report: &mut Report, members: u32) {
    let mut sealing = Sealing::new();
    let mut founder: Member<Ours> = Person::new(0).found();
    let second = Person::new(1).arrive::<OpenMlsRustCrypto>();
    let mut key_packages = vec![second.key_package.clone()];
    key_packages.extend(packages(&arrivals::<OpenMlsRustCrypto>(2..members)));
    let begin = Instant::now();
    let welcome = founder.commit(&key_packages).welcome.expect("a Welcome");
    founder.merge();
    let batch = sealing.seal(&founder);
    add(report, "create in one step", members, "over our storage", millis(begin.elapsed()));
    report.add(Row::compared(
        &format!("create in one step, {members} members: written"),
        mean(size(&batch), 1),
        "bytes",
    ));
    let tree = founder.tree();
    let begin = Instant::now();
    let mut bare = second.join(&welcome, &tree);
    add(report, "join", members, "bare openmls", millis(begin.elapsed()));
    let mut roster = Roster::of(founder.group.public_group(), &Roster::default()).expect("leaves");
    roster.members().expect("endorsed members");

    let (mut own, mut theirs) = (Times::default(), Times::default());
    for _ in 0..if members > 1_000 { 2 } else { 5 } {
        own.made_by_ours(&mut founder, &mut bare, &mut sealing);
        theirs.made_by_bare(&mut founder, &mut bare, &mut sealing, &mut roster);
    }
    own.add_rows(report, members, ["over our storage", "bare openmls"]);
    theirs.add_rows(report, members, ["bare openmls", "over our storage"]);
    let name = format!("apply another's commit, {members} members: look up who the leaves are");
    report.add(Row::compared(&name, millis(theirs.roster), "ms"));
    bare.write(TEXT);
    let said = founder.write(TEXT);
    bare.read(parse(&said));
}

fn add(report: &mut Report, what: &str, members: u32, how: &str, value: f64) {
    report.add(Row::compared(&format!("{what}, {members} members, {how}"), value, "ms"));
}

/// The least of some: what is measured is the work, not the machine's other business.
#[derive(Default)]
struct Times {
    make: Option<Duration>,
    merge: Option<Duration>,
    apply: Option<Duration>,
    roster: Duration,
    bytes: usize,
}

fn least(times: &mut Option<Duration>, took: Duration) {
    *times = Some(times.map_or(took, |least| least.min(took)));
}

impl Times {
    fn made_by_ours(
        &mut self,
        founder: &mut Member<Ours>,
        bare: &mut Member<OpenMlsRustCrypto>,
        sealing: &mut Sealing,
    ) {
        let begin = Instant::now();
        let commit = founder.commit(&[]);
        let mut written = size(&sealing.seal(founder));
        least(&mut self.make, begin.elapsed());
        let begin = Instant::now();
        founder.merge();
        written += size(&sealing.seal(founder));
        least(&mut self.merge, begin.elapsed());
        self.bytes = written;
        let begin = Instant::now();
        apply(bare, &commit.bytes);
        least(&mut self.apply, begin.elapsed());
    }

    fn made_by_bare(
        &mut self,
        founder: &mut Member<Ours>,
        bare: &mut Member<OpenMlsRustCrypto>,
        sealing: &mut Sealing,
        roster: &mut Roster,
    ) {
        let begin = Instant::now();
        let commit = bare.commit(&[]);
        least(&mut self.make, begin.elapsed());
        let begin = Instant::now();
        bare.merge();
        least(&mut self.merge, begin.elapsed());
        let begin = Instant::now();
        apply(founder, &commit.bytes);
        let batch = sealing.seal(founder);
        least(&mut self.apply, begin.elapsed());
        self.bytes = size(&batch);
        let begin = Instant::now();
        *roster = Roster::of(founder.group.public_group(), roster).expect("leaves");
        roster.members().expect("endorsed members");
        self.roster = begin.elapsed();
    }

    fn add_rows(&self, report: &mut Report, members: u32, [maker, other]: [&str; 2]) {
        let value = |times: Option<Duration>| millis(times.unwrap_or_default());
        add(report, "make a commit", members, maker, value(self.make));
        add(report, "apply one's own commit", members, maker, value(self.merge));
        add(report, "apply another's commit", members, other, value(self.apply));
        let name = format!("a commit of {maker}, {members} members: our member's writes");
        report.add(Row::compared(&name, mean(self.bytes, 1), "bytes"));
    }
}

fn apply<S: Storage>(member: &mut Member<S>, commit: &[u8]) {
    let processed = member.read(parse(commit));
    let ProcessedMessageContent::StagedCommitMessage(staged) = processed.into_content() else {
        panic!("not a commit")
    };
    member.group.merge_staged_commit(&member.storage, *staged).expect("it is merged");
}
