//! What must hold when all has settled, counted.

#![expect(clippy::expect_used, reason = "test support: a step that fails fails the test, and says which")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use infrasound_spec::{api::conversations::SubmitMessage, bytes::Base64Url};
use serde_json::Value;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{actor::Actor, mortal_relay::MortalRelay};

/// The text messages that each side of a conversation reads.
pub(super) type Histories = [Vec<Value>; 2];

/// Counts over many runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Conversations.
    pub runs: u64,
    /// Client processes that were killed while they were sending.
    pub sender_kills: u64,
    /// Client processes that were killed while they were receiving.
    pub receiver_kills: u64,
    /// How often the relay was killed.
    pub relay_kills: u64,
    /// Messages that were handed to a process.
    pub attempted: u64,
    /// Messages that a process acknowledged.
    pub acknowledged: u64,
    /// Messages that arrived.
    pub arrived: u64,
    /// Acknowledged, and not arrived.
    pub lost: u64,
    /// Arrived more than once.
    pub repeated: u64,
    /// Arrived before one that had been written earlier.
    pub reordered: u64,
    /// Acknowledged, and still waiting or unknown to its sender.
    pub forgotten: u64,
    /// Conversations that the two sides remember differently.
    pub differing: u64,
    /// Ciphertexts that clients sent, the same one again not counted.
    pub ciphertexts: u64,
    /// Submissions that were sent with two different bodies.
    pub rewritten: u64,
    /// Ciphertexts that left a client and are not in the relay's log: what opened them cannot have been checked.
    pub stray: u64,
    /// Warnings, unreadable messages, errors.
    pub trouble: Vec<String>,
}

impl Tally {
    /// Whether all held.
    pub fn holds(&self) -> bool {
        let failures = [
            self.lost,
            self.repeated,
            self.reordered,
            self.forgotten,
            self.differing,
            self.rewritten,
            self.stray,
        ];
        failures.iter().all(|count| *count == 0) && self.trouble.is_empty()
    }

    /// Adds what another campaign counted.
    pub fn add(&mut self, other: Self) {
        self.runs += other.runs;
        self.sender_kills += other.sender_kills;
        self.receiver_kills += other.receiver_kills;
        self.relay_kills += other.relay_kills;
        self.attempted += other.attempted;
        self.acknowledged += other.acknowledged;
        self.arrived += other.arrived;
        self.lost += other.lost;
        self.repeated += other.repeated;
        self.reordered += other.reordered;
        self.forgotten += other.forgotten;
        self.differing += other.differing;
        self.ciphertexts += other.ciphertexts;
        self.rewritten += other.rewritten;
        self.stray += other.stray;
        self.trouble.extend(other.trouble);
    }

    pub(super) fn count_pair(&mut self, pair: &[Actor; 2], histories: &Histories) {
        self.runs += 1;
        self.differing += u64::from(shared(&histories[0]) != shared(&histories[1]));
        for (side, writer) in pair.iter().enumerate() {
            self.count_direction(writer, &histories[side], &histories[1 - side]);
        }
    }

    fn count_direction(&mut self, writer: &Actor, own: &[Value], others: &[Value]) {
        let arrived = texts(others, false);
        let distinct: BTreeSet<_> = arrived.iter().collect();
        let sent: BTreeSet<_> = own.iter().filter(|message| is_out(message)).map(text).collect();
        self.sender_kills += writer.kills[0];
        self.receiver_kills += writer.kills[1];
        self.attempted += count(writer.attempted.len());
        self.acknowledged += count(writer.acknowledged.len());
        self.arrived += count(distinct.len());
        self.repeated += count(arrived.len() - distinct.len());
        // Texts are numbered: their order is the order of writing.
        self.reordered += count(arrived.windows(2).filter(|pair| pair[0] > pair[1]).count());
        for text in &writer.acknowledged {
            self.lost += u64::from(!distinct.contains(text));
            self.forgotten += u64::from(!sent.contains(text.as_str()));
        }
        self.trouble.extend(writer.trouble.iter().cloned());
    }

    /// One submission has one body, whatever happens. And each body is in the log: its reader opened it, and openmls
    /// opens nothing of a generation that was used before, so no generation was used twice.
    pub(super) fn count_wire(&mut self, relay: &MortalRelay) {
        let mut bodies: BTreeMap<String, BTreeSet<Vec<u8>>> = BTreeMap::new();
        for submit in relay.tap.streams().iter().flat_map(|stream| submissions(stream)) {
            let submission = serde_json::to_string(&submit.submission).expect("an id as JSON");
            let message: Base64Url = submit.message;
            bodies.entry(submission).or_default().insert(message.0);
        }
        let log = log(relay);
        self.rewritten += count(bodies.values().filter(|bodies| bodies.len() > 1).count());
        let all: BTreeSet<_> = bodies.values().flatten().collect();
        self.ciphertexts += count(all.len());
        self.stray += count(all.iter().filter(|body| !log.contains(**body)).count());
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "runs                          {}", self.runs)?;
        writeln!(f, "kills of a sending client     {}", self.sender_kills)?;
        writeln!(f, "kills of a receiving client   {}", self.receiver_kills)?;
        writeln!(f, "kills of the relay            {}", self.relay_kills)?;
        writeln!(f, "messages attempted            {}", self.attempted)?;
        writeln!(f, "messages acknowledged         {}", self.acknowledged)?;
        writeln!(f, "messages arrived              {}", self.arrived)?;
        writeln!(f, "lost                          {}", self.lost)?;
        writeln!(f, "repeated                      {}", self.repeated)?;
        writeln!(f, "reordered                     {}", self.reordered)?;
        writeln!(f, "forgotten                     {}", self.forgotten)?;
        writeln!(f, "histories that differ         {}", self.differing)?;
        writeln!(f, "ciphertexts on the wire       {}", self.ciphertexts)?;
        writeln!(f, "submissions with two bodies   {}", self.rewritten)?;
        writeln!(f, "ciphertexts not in the log    {}", self.stray)?;
        write!(f, "warnings and errors           {}", self.trouble.len())?;
        self.trouble.iter().try_for_each(|trouble| write!(f, "\n  {trouble}"))
    }
}

/// What somebody reads now; nothing if there is no conversation.
pub(super) fn history(actor: &mut Actor) -> Vec<Value> {
    let said = actor.cli.run(&["read", &actor.other.clone(), "--limit", "1000"]);
    said.lines.into_iter().filter(|line| line["type"] == "message").collect()
}

/// Whether both read the same, and everything that was acknowledged has gone.
pub(super) fn is_settled(pair: &[Actor; 2], histories: &Histories) -> bool {
    let is_out_of = |side: usize| {
        let sent: BTreeSet<_> = histories[side].iter().filter(|message| is_out(message)).map(text).collect();
        pair[side].acknowledged.iter().all(|text| sent.contains(text.as_str()))
            && histories[side].iter().all(is_out)
    };
    shared(&histories[0]) == shared(&histories[1]) && is_out_of(0) && is_out_of(1)
}

/// What both sides should see alike: the number in the log, who wrote, what.
fn shared(history: &[Value]) -> Vec<(Option<u64>, &str, &str)> {
    let number = |message: &Value| message["number"].as_u64();
    let mut lines: Vec<_> =
        history.iter().map(|message| (number(message), text_at(message, "from"), text(message))).collect();
    lines.sort_unstable();
    lines
}

fn texts(history: &[Value], own: bool) -> Vec<String> {
    history.iter().filter(|message| message["own"] == own).map(|message| text(message).to_owned()).collect()
}

fn text(message: &Value) -> &str {
    text_at(message, "text")
}

fn text_at<'a>(message: &'a Value, key: &str) -> &'a str {
    message[key].as_str().unwrap_or_default()
}

fn is_out(message: &Value) -> bool {
    message["number"].is_u64() && message["state"] != "queued" && message["state"] != "failed"
}

/// The whole submissions in what a client said.
fn submissions(stream: &[u8]) -> Vec<SubmitMessage> {
    const BEGINS: &[u8] = b"{\"submission\":";
    let begins = (0..stream.len()).filter(|at| stream[*at..].starts_with(BEGINS));
    let parse = |at: usize| {
        let mut values = serde_json::Deserializer::from_slice(&stream[at..]).into_iter::<SubmitMessage>();
        // Half a submission is one that a kill cut off: the relay has not accepted it.
        values.next()?.ok()
    };
    begins.filter_map(parse).collect()
}

/// The bytes of all entries that somebody submitted.
fn log(relay: &MortalRelay) -> BTreeSet<Vec<u8>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let file = database(relay);
        let options = SqliteConnectOptions::new().filename(file);
        let mut connection = SqliteConnection::connect_with(&options).await.expect("the relay's database");
        let rows: Vec<(Vec<u8>,)> = sqlx::query_as("SELECT bytes FROM entries WHERE submission IS NOT NULL")
            .fetch_all(&mut connection)
            .await
            .expect("the relay's log");
        rows.into_iter().map(|(bytes,)| bytes).collect()
    })
}

fn database(relay: &MortalRelay) -> std::path::PathBuf {
    let files = relay.data().read_dir().expect("the relay's folder");
    let mut paths = files.filter_map(|file| Some(file.ok()?.path()));
    paths.find(|path| path.extension().is_some_and(|extension| extension == "db")).expect("a database")
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
