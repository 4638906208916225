//! A relay that is told to stop: it is not ready any more, sends away who listens, and finishes what runs.

use std::time::{Duration, Instant};

use infrasound_spec::api::{conversations::Accepted, problem::ProblemType};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, UnixStream},
};

use crate::support::{Group, Reader, TestRelay};

#[tokio::test]
async fn a_relay_that_drains_is_not_ready_and_still_answers() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut group = Group::found(&alice, &bob).await;
    relay.running().drain();
    relay.get("/readyz").await.problem(ProblemType::Unavailable);
    assert_eq!(relay.get("/healthz").await.status, 200);
    let sent = group.send(&alice, "a last word").await;
    assert_eq!(bob.log(&group.id, sent.number - 1).await.entries.len(), 1);
}

#[tokio::test]
async fn streams_end_with_a_hint_when_to_come_back() {
    let mut relay = TestRelay::start().await;
    let devices = [relay.device("alice").await, relay.device("bob").await, relay.device("carol").await];
    let mut streams = Vec::new();
    for device in &devices {
        let mut stream = Reader::open(device, None).await;
        stream.until_ready().await;
        streams.push(stream);
    }
    relay.running().drain();
    let mut late = devices[0].stream(None).await;
    let mut text = Vec::new();
    while let Some(chunk) = late.chunk().await.unwrap() {
        text.extend_from_slice(&chunk);
    }
    let text = String::from_utf8(text).unwrap();
    let hint = text.lines().find_map(|line| line.strip_prefix("retry:")).unwrap();
    assert!((1_000..=6_000).contains(&hint.trim().parse::<u64>().unwrap()), "{hint}");
    for mut stream in streams {
        assert_eq!(stream.next().await, None);
        assert!(stream.rest().contains("retry:"), "{}", stream.rest());
    }
    relay.restart(|_| ()).await;
    Reader::open(&devices[0], None).await.until_ready().await;
}

/// A request of which the relay has begun to read the body: it has said that it wants it.
async fn under_way(relay: &TestRelay, path: &str, token: &str, body: &[u8]) -> TcpStream {
    let host = relay.base.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(host).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nexpect: 100-continue\r\n\r\n",
        body.len()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut said = [0; 25];
    connection.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"HTTP/1.1 100 Continue\r\n\r\n");
    connection
}

#[tokio::test]
async fn a_message_under_way_is_taken_answered_and_kept() {
    let mut relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut group = Group::found(&alice, &bob).await;
    let message = group.message(&alice, "just in time");
    let body = serde_json::to_vec(&message).unwrap();
    let path = format!("/v1/conversations/{}/messages", group.id);
    let mut connection = under_way(&relay, &path, &alice.token, &body).await;
    connection.write_all(&body[..body.len() / 2]).await.unwrap();
    let host = relay.base.replace("http://", "");
    let rest = async {
        // Only once the relay stops, which shows in that nobody new comes in.
        while TcpStream::connect(&host).await.is_ok() {
            tokio::task::yield_now().await;
        }
        connection.write_all(&body[body.len() / 2..]).await.unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    };
    let stopping = relay.take();
    let (answer, ()) = tokio::join!(rest, stopping.stop());
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{answer}");
    let accepted: Accepted = serde_json::from_str(body).unwrap();
    relay.start_again(|_| ()).await;
    let log = bob.log(&group.id, accepted.number - 1).await;
    assert_eq!(log.entries[0].bytes.as_ref(), Some(&message.message));
}

#[tokio::test]
async fn nothing_that_was_acknowledged_is_lost() {
    let mut relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut group = Group::found(&alice, &bob).await;
    let mut stream = Reader::open(&bob, None).await;
    stream.until_ready().await;
    let relay_stops = relay.take();
    let (begun, some) = tokio::sync::oneshot::channel();
    let mut begun = Some(begun);
    let sends = async {
        let mut acknowledged = Vec::new();
        loop {
            let message = group.message(&alice, "one of many");
            match group.try_submit(&alice, &message).await {
                Some(answer) if answer.status == 200 => {
                    acknowledged.push((answer.ok::<Accepted>().number, message.message));
                }
                _ => return acknowledged,
            }
            if acknowledged.len() == 20
                && let Some(begun) = begun.take()
            {
                begun.send(()).unwrap();
            }
        }
    };
    let stops = async {
        some.await.unwrap();
        relay_stops.stop().await;
    };
    let (acknowledged, ()) = tokio::join!(sends, stops);
    assert!(acknowledged.len() >= 20);
    relay.start_again(|_| ()).await;
    let mut stored = Vec::new();
    while let Some(page) = Some(bob.log(&group.id, stored.last().map_or(1, |(number, _)| *number)).await)
        && !page.entries.is_empty()
    {
        stored.extend(page.entries.into_iter().map(|entry| (entry.number, entry.bytes.unwrap())));
    }
    // One more may be there whose answer did not come through.
    assert_eq!(stored[..acknowledged.len()], acknowledged[..]);
    assert!(stored.len() <= acknowledged.len() + 1);
}

#[tokio::test]
async fn what_does_not_end_is_given_up() {
    let mut relay = TestRelay::configured(|config| config.drain = 200).await;
    let alice = relay.device("alice").await;
    let _never = under_way(&relay, "/v1/key-packages", &alice.token, b"{}").await;
    let begun = Instant::now();
    relay.take().stop().await;
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    relay.start_again(|_| ()).await;
    assert_eq!(relay.get("/readyz").await.status, 200);
}

/// Whoever has opened the socket may take ten seconds to say what they want; a relay that stops does not wait for them.
#[tokio::test]
async fn who_is_about_to_give_an_order_does_not_hold_the_relay_up() {
    let mut relay = TestRelay::configured(|config| config.drain = 200).await;
    let path = relay.directory.path().join("admin.sock");
    let mut silent = UnixStream::connect(path).await.unwrap();
    silent.write_all(b"{").await.unwrap();
    // The one after is heard only when the relay is done with the first: it is at it now.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let begun = Instant::now();
    relay.take().stop().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    relay.start_again(|_| ()).await;
    assert_eq!(relay.get("/readyz").await.status, 200);
}
