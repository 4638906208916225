//! Groups of people at a relay that is a process of its own: made, joined and written to by whole cores over HTTP.
//!
//! Timers of the core come at once; everything else takes the time that it takes. What the cores would write to a disk
//! stays in memory.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use infrasound_core::input::GroupWish;
use infrasound_spec::{api::paths, conversation::ConversationId};
use infrasound_tests::{
    bench::{
        crowd::Crowd,
        people::{introduce, person, relay},
        report::{Report, Row},
        scratch,
        statistics::Samples,
    },
    device::Device,
    relay_process::RelayProcess,
};
use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};

use super::{millis, nudges::Nudges};

/// Milliseconds. Issue 3.
const CREATE: f64 = 1_000.0;
/// Kilobytes.
const STATE: f64 = 600.0;
/// Of the time in a conversation of two. Issue 3.
const FLAT: f64 = 1.2;
const WARM_UP: usize = 20;
const MESSAGES: usize = 200;
const LISTENED: usize = 20;
/// Of a message, without markup.
const TEXT: &str =
    "It is raining again, and the elephants are late. Shall we wait for them at the river, or go ahead? ";

/// Adds the rows.
pub(super) async fn measure(report: &mut Report) {
    let data = scratch();
    let relay = relay(data.path());
    // The last to come into a group of 400, and of 1,000.
    let mut crowd = Crowd::new(vec![389..399, 989..999]);
    let mut creator = person(&relay, "creator", 1).await;
    let mut friend = person(&relay, "friend", 2).await;
    introduce(&mut creator, &mut friend).await;

    crowd.grow_to(&relay, 999).await;
    report.add(Row::compared("before: 999 accounts register a device each", crowd.took.as_secs_f64(), "s"));
    let conversation = create(report, &mut creator, &crowd, 400).await;
    join(report, &mut crowd.awake[0], conversation, 400).await;
    grow(report, &mut creator, conversation, &crowd, 1_000).await;
    join(report, &mut crowd.awake[1], conversation, 1_000).await;
    let name = "the hub's stored state of a group of 1,000";
    report.add(Row::at_most(name, stored_state(data.path()).await / 1e3, "kB", STATE));
    send(report, &mut creator, &friend, conversation).await;
    fan_out(report, &relay, &mut creator, conversation, &crowd).await;
}

/// What a device did: how long it took, and how much of it the relay.
struct Work {
    took: Duration,
    answered: Vec<(String, Duration)>,
}

impl Work {
    fn since(device: &Device, begin: Instant, answered: usize) -> Self {
        Self { took: begin.elapsed(), answered: device.answered[answered..].to_vec() }
    }

    /// The time of all requests to a path and those below it.
    fn asking(&self, path: &str) -> Duration {
        self.answered.iter().filter(|(of, _)| of.starts_with(path)).map(|(_, took)| *took).sum()
    }

    fn add_rows(&self, report: &mut Report, what: &str) {
        let relay: Duration = self.answered.iter().map(|(_, took)| *took).sum();
        for (part, took) in [
            ("in the creator's process", self.took.saturating_sub(relay)),
            ("asking the relay who they are", self.asking(paths::ACCOUNTS_LOOKUP)),
            ("claiming key packages", self.asking(paths::KEY_PACKAGES_CLAIM_MANY)),
            ("handing in commits and Welcomes", self.asking(paths::CONVERSATIONS)),
        ] {
            report.add(Row::compared(&format!("{what}: of that, {part}"), millis(took), "ms"));
        }
    }
}

/// A group of `members`, from the wish until the relay has everybody in it.
async fn create(report: &mut Report, creator: &mut Device, crowd: &Crowd, members: usize) -> ConversationId {
    let handles = &crowd.handles[..members - 1];
    let (begin, answered) = (Instant::now(), creator.answered.len());
    let conversation = creator.create_group("Waterhole", handles).await;
    let work = Work::since(creator, begin, answered);
    assert_eq!(creator.names(conversation).await.len(), members, "everybody is in the group");
    let what = format!("create a group of {members} at the relay");
    report.add(Row::at_most(&what, millis(work.took), "ms", CREATE));
    work.add_rows(report, &what);
    conversation
}

/// Each of some members fetches its Welcome and the tree, joins, and reads.
async fn join(report: &mut Report, devices: &mut [Device], conversation: ConversationId, members: usize) {
    let mut samples = Samples::default();
    for device in devices {
        let begin = Instant::now();
        device.sync().await;
        samples.add(begin.elapsed());
        let standing = device.core().standing(conversation).expect("it has joined");
        assert_eq!(standing.members.len(), members, "the tree is whole");
    }
    let name = format!("join a group of {members} at the relay, and read what is there");
    report.add(Row::compared(&name, samples.median_micros() / 1e3, "ms"));
}

/// Adds people until there are `members`.
async fn grow(
    report: &mut Report,
    creator: &mut Device,
    conversation: ConversationId,
    crowd: &Crowd,
    members: usize,
) {
    let before = creator.names(conversation).await.len();
    let who = crowd.handles[before - 1..members - 1].to_vec();
    let (begin, answered) = (Instant::now(), creator.answered.len());
    creator.change(GroupWish::Add { conversation, who }).await.expect("they are added");
    let work = Work::since(creator, begin, answered);
    assert_eq!(creator.names(conversation).await.len(), members, "everybody is in the group");
    let what = format!("add people to a group of {before} until it has {members}");
    report.add(Row::compared(&what, millis(work.took), "ms"));
    work.add_rows(report, &what);
}

/// The same device writes into the group and to one person, in turn, until each is acknowledged.
async fn send(report: &mut Report, creator: &mut Device, friend: &Device, conversation: ConversationId) {
    let (mut to_group, mut to_one) = (Samples::default(), Samples::default());
    let friend = friend.handle();
    for round in 0..WARM_UP + MESSAGES {
        let begin = Instant::now();
        creator.say_in(conversation, TEXT).await;
        let group = begin.elapsed();
        let begin = Instant::now();
        creator.send(&friend, TEXT).await;
        let one = begin.elapsed();
        if round >= WARM_UP {
            to_group.add(group);
            to_one.add(one);
        }
    }
    let (group, one) = (to_group.median_micros(), to_one.median_micros());
    let name = "send into a group of 1,000 at the relay until acknowledged: ratio to one person";
    report.add(Row::at_most(name, group / one, "×", FLAT));
    report.add(Row::compared("send into a group of 1,000 at the relay until acknowledged", group, "µs"));
    report.add(Row::compared("send to one person at the relay until acknowledged", one, "µs"));
}

/// Streams of all others are open: from the wish until the last of them is told.
async fn fan_out(
    report: &mut Report,
    relay: &RelayProcess,
    creator: &mut Device,
    conversation: ConversationId,
    crowd: &Crowd,
) {
    let mut nudges = Nudges::listen(relay, &crowd.tokens, conversation).await;
    let (mut acknowledged, mut reached) = (Samples::default(), Samples::default());
    for _ in 0..LISTENED {
        let begin = Instant::now();
        creator.say_in(conversation, TEXT).await;
        acknowledged.add(begin.elapsed());
        let number = last_number(creator, conversation);
        reached.add(nudges.reach_all(number).await.saturating_duration_since(begin));
    }
    let name = "fan-out: a message in a group of 1,000 until the last of 999 streams says so";
    report.add(Row::compared(name, reached.median_micros() / 1e3, "ms"));
    let name = "fan-out: until acknowledged, with 999 streams open";
    report.add(Row::compared(name, acknowledged.median_micros() / 1e3, "ms"));
}

/// The number of the last message.
fn last_number(device: &Device, conversation: ConversationId) -> u64 {
    let summaries = device.core().conversations();
    let summary = summaries.iter().find(|one| one.conversation == conversation);
    summary.map(|summary| summary.last_message).expect("the group")
}

/// The largest group that the relay has stored, in bytes.
#[expect(clippy::cast_precision_loss, reason = "a size far below 2^53")]
async fn stored_state(data: &Path) -> f64 {
    let options = SqliteConnectOptions::new().filename(data.join("relay/relay.db"));
    let mut database = options.connect().await.expect("the relay's database");
    let largest = sqlx::query_scalar("SELECT MAX(LENGTH(state)) FROM group_states");
    let largest: i64 = largest.fetch_one(&mut database).await.expect("a stored group");
    largest as f64
}
