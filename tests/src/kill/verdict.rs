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
        self.count_streams(&relay.tap.streams(), &log(relay));
    }

    fn count_streams(&mut self, streams: &[Vec<u8>], log: &BTreeSet<Vec<u8>>) {
        let mut bodies: BTreeMap<String, BTreeSet<Vec<u8>>> = BTreeMap::new();
        for submit in streams.iter().flat_map(|stream| submissions(stream)) {
            let submission = serde_json::to_string(&submit.submission).expect("an id as JSON");
            let message: Base64Url = submit.message;
            bodies.entry(submission).or_default().insert(message.0);
        }
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

/// The count would say so if something did not hold.
#[cfg(test)]
mod tests {
    use std::path::Path;

    use infrasound_spec::{account::Signature, submission::SubmissionId};
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
    use serde_json::json;

    use super::*;
    use crate::cli::Cli;

    fn anna(acknowledged: &[&str]) -> Actor {
        let dice = ChaCha20Rng::from_seed([0; 32]);
        let mut actor = Actor::new("anna", Cli::at(Path::new("nowhere")), "@ben@b.example".to_owned(), dice);
        actor.acknowledged = acknowledged.iter().map(|text| (*text).to_owned()).collect();
        actor
    }

    fn history(own: bool, texts: &[&str]) -> Vec<Value> {
        let message = |(number, text): (usize, &&str)| json!({ "own": own, "text": text, "number": number + 2, "state": "sent", "from": "@anna@a.example" });
        texts.iter().enumerate().map(message).collect()
    }

    /// What is counted when Anna was told `acknowledged`, remembers `own`, and Ben reads `arrived`.
    fn counted(acknowledged: &[&str], own: &[&str], arrived: &[&str]) -> Tally {
        let mut tally = Tally::default();
        let pair = [anna(acknowledged), anna(&[])];
        tally.count_pair(&pair, &[history(true, own), history(false, arrived)]);
        tally
    }

    #[test]
    fn what_holds_is_said_to_hold() {
        let tally = counted(&["a 0", "a 2"], &["a 0", "a 1", "a 2"], &["a 0", "a 1", "a 2"]);
        assert!(tally.holds(), "{tally}");
        assert_eq!((tally.runs, tally.acknowledged, tally.arrived), (1, 2, 3));
    }

    #[test]
    fn whatever_goes_wrong_is_counted() {
        let lost = counted(&["a 0", "a 1"], &["a 0", "a 1"], &["a 0"]);
        assert_eq!((lost.lost, lost.differing, lost.holds()), (1, 1, false));
        let repeated = counted(&["a 0"], &["a 0"], &["a 0", "a 0"]);
        assert_eq!((repeated.repeated, repeated.holds()), (1, false));
        let reordered = counted(&["a 0", "a 1"], &["a 0", "a 1"], &["a 1", "a 0"]);
        assert_eq!((reordered.reordered, reordered.holds()), (1, false));
        let forgotten = counted(&["a 0"], &[], &["a 0"]);
        assert_eq!((forgotten.forgotten, forgotten.holds()), (1, false));
    }

    #[test]
    fn a_message_that_waits_is_not_out() {
        let mut waiting = history(true, &["a 0"]);
        waiting[0]["state"] = json!("queued");
        let mut tally = Tally::default();
        tally.count_pair(&[anna(&["a 0"]), anna(&[])], &[waiting, history(false, &["a 0"])]);
        assert_eq!((tally.forgotten, tally.holds()), (1, false));
    }

    fn request(submission: u8, message: &[u8]) -> Vec<u8> {
        let body = SubmitMessage {
            submission: SubmissionId::from_bytes([submission; 16]),
            after: 1,
            message: Base64Url(message.to_vec()),
            signature: Signature::from_bytes([0; 64]),
            silent: false,
        };
        [b"POST /messages HTTP/1.1\r\n\r\n".to_vec(), serde_json::to_vec(&body).unwrap()].concat()
    }

    #[test]
    fn a_submission_with_two_bodies_and_a_body_that_is_not_in_the_log_are_counted() {
        let log = BTreeSet::from([b"first".to_vec(), b"second".to_vec()]);
        let mut tally = Tally::default();
        let again = [request(1, b"first"), request(1, b"first"), request(2, b"second")].concat();
        tally.count_streams(&[again], &log);
        assert_eq!((tally.ciphertexts, tally.rewritten, tally.stray), (2, 0, 0));
        tally.count_streams(&[request(3, b"first"), request(3, b"third")], &log);
        assert_eq!((tally.rewritten, tally.stray, tally.holds()), (1, 1, false));
    }
}
