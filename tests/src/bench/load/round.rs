//! One round: every sender sends its requests, one outstanding at a time, until one of them has sent all.

use std::{
    cell::Cell,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::task::LocalSet;

use super::connection::{Connection, number};
use crate::bench::statistics::Samples;

/// What came of a round.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    elapsed: Duration,
    /// From the first byte sent to the last byte of the answer, of requests that were answered well.
    pub(super) times: Samples,
    /// For each sender, the number that the relay gave to each of its requests, in order; `None` where there is none.
    pub(super) numbers: Vec<Vec<Option<u64>>>,
    /// Answers that were none of success.
    pub(super) errors: usize,
}

impl Outcome {
    /// A time in seconds as microseconds for each request that was answered well.
    #[expect(clippy::cast_precision_loss, reason = "a number of requests")]
    pub(super) fn micros_each(&self, seconds: f64) -> f64 {
        seconds * 1e6 / self.times.len().max(1) as f64
    }

    /// Requests that were answered well, in a second.
    #[expect(clippy::cast_precision_loss, reason = "a number of requests")]
    pub(super) fn rate(&self) -> f64 {
        self.times.len() as f64 / self.elapsed.as_secs_f64()
    }
}

/// What one sender did.
#[derive(Default)]
struct Sent {
    times: Samples,
    numbers: Vec<Option<u64>>,
    errors: usize,
}

/// Runs a round against `host`, a connection for each sender. Connecting is not part of it.
pub(super) async fn run(host: &str, senders: &[&[Vec<u8>]]) -> Outcome {
    let requests: Vec<Vec<Vec<u8>>> = senders.iter().map(|sender| sender.to_vec()).collect();
    exchange_all(host, requests.into_iter().map(Requests::Each).collect()).await
}

/// Runs a round of one request, `count` times on each of `connections`.
pub(super) async fn run_one(host: &str, request: &[u8], connections: usize, count: usize) -> Outcome {
    let repeated = || Requests::Same(request.to_vec(), count);
    exchange_all(host, (0..connections).map(|_| repeated()).collect()).await
}

/// What a connection is to send.
enum Requests {
    Each(Vec<Vec<u8>>),
    Same(Vec<u8>, usize),
}

impl Requests {
    fn at(&self, index: usize) -> Option<&[u8]> {
        match self {
            Self::Each(requests) => requests.get(index).map(Vec::as_slice),
            Self::Same(request, count) => (index < *count).then_some(request.as_slice()),
        }
    }
}

async fn exchange_all(host: &str, senders: Vec<Requests>) -> Outcome {
    let mut connections = Vec::with_capacity(senders.len());
    for requests in senders {
        connections.push((Connection::open(host).await, requests));
    }
    let over = Rc::new(Cell::new(false));
    let tasks = LocalSet::new();
    let begin = Instant::now();
    let handles: Vec<_> = connections
        .into_iter()
        .map(|(connection, requests)| tasks.spawn_local(send_all(connection, requests, Rc::clone(&over))))
        .collect();
    tasks.await;
    let mut outcome = Outcome { elapsed: begin.elapsed(), ..Outcome::default() };
    for handle in handles {
        let sent = handle.await.expect("a sender's task");
        outcome.times.extend(sent.times);
        outcome.numbers.push(sent.numbers);
        outcome.errors += sent.errors;
    }
    outcome
}

async fn send_all(mut connection: Connection, requests: Requests, over: Rc<Cell<bool>>) -> Sent {
    let mut sent = Sent::default();
    while let Some(request) = requests.at(sent.numbers.len()) {
        if over.get() {
            return sent;
        }
        let begin = Instant::now();
        let answer = connection.exchange(request).await;
        let took = begin.elapsed();
        if (200..300).contains(&answer.status) {
            sent.times.add(took);
            sent.numbers.push(number(answer.body));
        } else {
            if sent.errors == 0 {
                eprintln!("{}: {}", answer.status, String::from_utf8_lossy(answer.body));
            }
            sent.errors += 1;
            sent.numbers.push(None);
        }
    }
    // Fewer connections than there should be would measure something else.
    over.set(true);
    sent
}
