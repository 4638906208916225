//! `/v1/blobs`: upload, resume, attach, download, quota, collection. Spec: `blobs.md` 6; `relay-api.md` 12.

use infrasound_relay::Config;
use infrasound_spec::{
    api::{blobs::BlobState, paths, problem::ProblemType},
    blob::BlobId,
    time,
};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::support::{Device, Group, TestRelay};

const BLOB: BlobId = BlobId::from_bytes([0xab; 32]);
const SIZE: u64 = 300_000;

fn path() -> String {
    format!("/v1/blobs/{BLOB}")
}

fn bytes(size: u64) -> Vec<u8> {
    (0..size).map(|i| u8::try_from(i % 251).unwrap()).collect()
}

fn file(relay: &TestRelay) -> std::path::PathBuf {
    relay.directory.path().join("blobs").join("ab".repeat(32))
}

async fn announce(device: &Device, size: u64) -> BlobState {
    device.post(paths::BLOBS, &json!({ "blob": BLOB, "size": size })).await.ok()
}

/// A relay that has just started looks its files through, and says that it is busy with one.
async fn patch_when_free(device: &Device, offset: u64, bytes: &[u8]) -> BlobState {
    loop {
        let answer = device.patch(&path(), offset, bytes.to_vec()).await;
        if answer.status != 503 {
            return answer.ok();
        }
    }
}

async fn upload(device: &Device) {
    announce(device, SIZE).await;
    let state: BlobState = device.patch(&path(), 0, bytes(SIZE)).await.ok();
    assert_eq!(state, BlobState { size: SIZE, received: SIZE });
}

fn attachment(group: &Group) -> String {
    format!("/v1/conversations/{}/blobs/{BLOB}", group.id)
}

/// Alice and Bob have a group, Carol is elsewhere.
async fn people(change: impl FnOnce(&mut Config)) -> (TestRelay, [Device; 3], Group) {
    let relay = TestRelay::configured(change).await;
    let people = [relay.device("alice").await, relay.device("bob").await, relay.device("carol").await];
    let group = Group::found(&people[0], &people[1]).await;
    (relay, people, group)
}

#[tokio::test]
async fn what_is_uploaded_and_attached_is_given_to_members() {
    let (_relay, [alice, bob, carol], group) = people(|_| ()).await;
    upload(&alice).await;
    bob.get(&path()).await.problem(ProblemType::NotFound);
    alice.put(&attachment(&group), &json!({})).await.done();
    alice.put(&attachment(&group), &json!({})).await.done();
    for device in [&alice, &bob] {
        let answer = device.get(&path()).await;
        assert_eq!((answer.status, answer.body == bytes(SIZE)), (200, true));
        assert_eq!(answer.headers["content-type"], "application/octet-stream");
    }
    carol.get(&path()).await.problem(ProblemType::NotFound);
    let head = bob.call(reqwest::Method::HEAD, &path(), None::<&Value>).await;
    assert_eq!((head.status, head.headers["content-length"].to_str().unwrap()), (200, "300000"));
    alice.delete(&attachment(&group)).await.done();
    bob.get(&path()).await.problem(ProblemType::NotFound);
    alice.delete(&attachment(&group)).await.problem(ProblemType::NotFound);
}

#[tokio::test]
async fn a_range_is_a_part() {
    let (_relay, [alice, ..], _) = people(|_| ()).await;
    upload(&alice).await;
    let part = alice.range(&path(), "bytes=65552-131103").await;
    assert_eq!((part.status, &part.body[..]), (206, &bytes(SIZE)[65_552..131_104]));
    assert_eq!(part.headers["content-range"], "bytes 65552-131103/300000");
    let beyond = alice.range(&path(), "bytes=300000-").await;
    assert_eq!((beyond.status, beyond.headers["content-range"].to_str().unwrap()), (416, "bytes */300000"));
}

#[tokio::test]
async fn an_upload_goes_on_where_it_was_and_a_repeat_is_answered_the_same() {
    let (mut relay, [alice, ..], _) = people(|_| ()).await;
    assert_eq!(announce(&alice, SIZE).await, BlobState { size: SIZE, received: 0 });
    let all = bytes(SIZE);
    let first: BlobState = alice.patch(&path(), 0, all[..100_000].to_vec()).await.ok();
    assert_eq!(first.received, 100_000);
    let again: BlobState = alice.patch(&path(), 0, all[..100_000].to_vec()).await.ok();
    assert_eq!(again, first);
    let beyond_a_gap: BlobState = alice.patch(&path(), 100_001, all[100_001..].to_vec()).await.ok();
    assert_eq!(beyond_a_gap, first, "nothing was taken");
    alice.get(&path()).await.problem(ProblemType::NotFound);
    relay.restart(|_| ()).await;
    assert_eq!(announce(&alice, SIZE).await, first);
    let overlapping = patch_when_free(&alice, 50_000, &all[50_000..]).await;
    assert_eq!(overlapping.received, SIZE);
    assert!(alice.get(&path()).await.body == all);
}

#[tokio::test]
async fn bytes_that_were_not_noted_are_written_again() {
    let (mut relay, [alice, ..], _) = people(|_| ()).await;
    announce(&alice, SIZE).await;
    let all = bytes(SIZE);
    alice.patch(&path(), 0, all[..1000].to_vec()).await.ok::<BlobState>();
    // What a kill between the write and the note leaves.
    let torn = [&all[..1000], &[0xee; 5000][..]].concat();
    std::fs::write(file(&relay), torn).unwrap();
    relay.restart(|_| ()).await;
    assert_eq!(announce(&alice, SIZE).await.received, 1000);
    patch_when_free(&alice, 1000, &all[1000..]).await;
    assert!(alice.get(&path()).await.body == all);
}

#[tokio::test]
async fn an_upload_that_breaks_off_keeps_what_was_synced() {
    let (relay, [alice, ..], _) = people(|_| ()).await;
    let size = 3 * 1024 * 1024;
    announce(&alice, size).await;
    let all = bytes(size);
    // By hand: a client library would cut what it has not sent yet as well.
    let mut line = TcpStream::connect(relay.base.strip_prefix("http://").unwrap()).await.unwrap();
    let head = format!(
        "PATCH {} HTTP/1.1\r\nhost: relay\r\nauthorization: Bearer {}\r\nupload-offset: 0\r\ncontent-length: {size}\r\n\r\n",
        path(),
        alice.token
    );
    line.write_all(head.as_bytes()).await.unwrap();
    line.write_all(&all[..2 * 1024 * 1024 + 5]).await.unwrap();
    line.shutdown().await.unwrap();
    drop(line);
    let mut state = announce(&alice, size).await;
    while state.received < 2 * 1024 * 1024 {
        // The relay notices the end a moment later than this client.
        tokio::task::yield_now().await;
        state = announce(&alice, size).await;
    }
    let offset = usize::try_from(state.received).unwrap();
    loop {
        let answer = alice.patch(&path(), state.received, all[offset..].to_vec()).await;
        if answer.status == 200 {
            break;
        }
        answer.problem(ProblemType::Unavailable);
    }
    assert!(alice.get(&path()).await.body == all);
}

#[tokio::test]
async fn only_its_account_uploads_and_attaches_a_blob() {
    let (_relay, [alice, bob, carol], group) = people(|_| ()).await;
    announce(&alice, SIZE).await;
    bob.patch(&path(), 0, bytes(10)).await.problem(ProblemType::NotFound);
    bob.post(paths::BLOBS, &json!({ "blob": BLOB, "size": SIZE })).await.problem(ProblemType::IdReused);
    alice.post(paths::BLOBS, &json!({ "blob": BLOB, "size": SIZE + 1 })).await.problem(ProblemType::IdReused);
    alice.put(&attachment(&group), &json!({})).await.problem(ProblemType::Invalid);
    alice.patch(&path(), 0, bytes(SIZE)).await.ok::<BlobState>();
    bob.put(&attachment(&group), &json!({})).await.problem(ProblemType::NotFound);
    let elsewhere = Group::found(&bob, &carol).await;
    alice.put(&attachment(&elsewhere), &json!({})).await.problem(ProblemType::NotFound);
    alice.put(&attachment(&group), &json!({})).await.done();
    bob.delete(&attachment(&group)).await.problem(ProblemType::NotFound);
}

#[tokio::test]
async fn more_than_was_announced_is_too_large() {
    let (_relay, [alice, ..], _) = people(|_| ()).await;
    announce(&alice, SIZE).await;
    alice.patch(&path(), 0, bytes(SIZE + 1)).await.problem(ProblemType::TooLarge);
    alice.patch(&path(), 0, bytes(SIZE)).await.ok::<BlobState>();
    let no_offset = alice.call(reqwest::Method::PATCH, &path(), Some(&json!({}))).await;
    no_offset.problem(ProblemType::BadRequest);
}

#[tokio::test]
async fn limits_of_a_blob_an_account_and_an_hour_say_which() {
    let (_relay, [alice, bob, _], _) = people(|config| {
        config.max_blob = 1000;
        config.blob_quota = 2500;
        config.rates.blobs_per_hour = 4;
    })
    .await;
    let post = async |id: u8, size: u64| {
        alice.post(paths::BLOBS, &json!({ "blob": BlobId::from_bytes([id; 32]), "size": size })).await
    };
    let too_long = post(1, 1041).await.problem(ProblemType::TooLarge);
    assert!(too_long.detail.contains("1040"), "{}", too_long.detail);
    for id in 2..=3 {
        post(id, 1040).await.ok::<BlobState>();
    }
    let over_quota = post(4, 1040).await.problem(ProblemType::TooLarge);
    assert!(over_quota.detail.contains("2500"), "{}", over_quota.detail);
    post(5, 1).await.problem(ProblemType::RateLimited);
    post(2, 1040).await.ok::<BlobState>();
    announce(&bob, 1040).await;
}

#[tokio::test]
async fn an_unattached_blob_goes_after_a_day() {
    let (relay, [alice, ..], _) = people(|config| config.session_lifetime = 90 * time::DAY).await;
    upload(&alice).await;
    relay.clock.advance(time::DAY - time::MINUTE);
    assert!(relay.running().sweep().await && file(&relay).exists());
    relay.clock.advance(time::MINUTE);
    assert!(relay.running().sweep().await && !file(&relay).exists());
    alice.get(&path()).await.problem(ProblemType::NotFound);
    assert_eq!(announce(&alice, SIZE).await.received, 0, "its id and its quota are free again");
}

#[tokio::test]
async fn an_attached_blob_stays_as_long_as_entries_do_and_can_be_renewed() {
    let (relay, [alice, bob, _], group) = people(|config| config.session_lifetime = 90 * time::DAY).await;
    upload(&alice).await;
    alice.put(&attachment(&group), &json!({})).await.done();
    relay.clock.advance(29 * time::DAY);
    assert!(relay.running().sweep().await);
    alice.put(&attachment(&group), &json!({})).await.done();
    relay.clock.advance(29 * time::DAY);
    assert!(relay.running().sweep().await);
    assert_eq!(bob.get(&path()).await.status, 200);
    relay.clock.advance(time::DAY);
    assert!(relay.running().sweep().await && !file(&relay).exists());
    bob.get(&path()).await.problem(ProblemType::NotFound);
}

#[tokio::test]
async fn what_a_crash_leaves_is_collected_in_both_directions() {
    let (mut relay, [alice, ..], _) = people(|_| ()).await;
    upload(&alice).await;
    let orphan = relay.directory.path().join("blobs").join("cd".repeat(32));
    std::fs::write(&orphan, b"no row").unwrap();
    let foreign = relay.directory.path().join("blobs").join("README");
    std::fs::write(&foreign, b"not ours").unwrap();
    std::fs::write(file(&relay), b"cut").unwrap();
    alice.get(&path()).await.problem(ProblemType::NotFound);
    relay.restart(|_| ()).await;
    while orphan.exists() || file(&relay).exists() {
        // The first sweep comes at once.
        tokio::task::yield_now().await;
    }
    assert!(foreign.exists());
    upload(&alice).await;
    assert!(alice.get(&path()).await.body == bytes(SIZE));
}

#[tokio::test]
async fn a_file_that_was_lost_is_uploaded_again() {
    let (relay, [alice, ..], _) = people(|_| ()).await;
    upload(&alice).await;
    std::fs::remove_file(file(&relay)).unwrap();
    assert_eq!(announce(&alice, SIZE).await.received, 0);
    alice.patch(&path(), 0, bytes(SIZE)).await.ok::<BlobState>();
    assert!(alice.get(&path()).await.body == bytes(SIZE));
}
