//! The rehearsal: a relay under load is backed up, restored elsewhere, and its devices go on.

use std::path::Path;

use infrasound_relay::backup::{BackupError, RestoreError, back_up, restore};
use infrasound_spec::{
    api::{
        blobs::BlobState, conversations::Accepted, key_packages::KeyPackageCount, paths,
        problem::ProblemType, stream::StreamEvent,
    },
    blob::BlobId,
    bytes::Base64Url,
    consent::RequestPolicy,
};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Device, Group, Reader, TestRelay};

const SIZE: usize = 200_000;

fn blob(n: u8) -> (BlobId, Vec<u8>) {
    (BlobId::from_bytes([n; 32]), vec![n; SIZE])
}

async fn upload(device: &Device, group: &Group, n: u8) {
    let (id, bytes) = blob(n);
    device.post(paths::BLOBS, &json!({ "blob": id, "size": SIZE })).await.ok::<BlobState>();
    let answer = loop {
        // A relay that has just started looks its files through, and says that it is busy with one.
        let answer = device.patch(&format!("/v1/blobs/{id}"), 0, bytes.clone()).await;
        if answer.status != 503 {
            break answer;
        }
    };
    assert_eq!(answer.ok::<BlobState>().received, SIZE as u64);
    device.put(&format!("/v1/conversations/{}/blobs/{id}", group.id), &json!({})).await.done();
}

async fn log(device: &Device, group: &Group) -> Vec<(u64, Base64Url)> {
    let mut stored = Vec::new();
    loop {
        let after = stored.last().map_or(1, |(number, _)| *number);
        let page = device.log(&group.id, after).await;
        if page.entries.is_empty() {
            return stored;
        }
        stored.extend(page.entries.into_iter().map(|entry| (entry.number, entry.bytes.unwrap())));
    }
}

/// A new directory with the backup in it. The instance is another program's: its accounts are not in a backup.
async fn restored(relay: &TestRelay, backup: &Path) -> TempDir {
    let elsewhere = tempfile::tempdir().unwrap();
    restore(backup, elsewhere.path()).await.unwrap();
    let accounts = "demo-instance.json";
    std::fs::copy(relay.directory.path().join(accounts), elsewhere.path().join(accounts)).unwrap();
    elsewhere
}

#[tokio::test]
async fn a_relay_under_load_is_restored_whole_and_its_devices_go_on() {
    let mut relay = TestRelay::start().await;
    let (mut alice, mut bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut group = Group::found(&alice, &bob).await;
    upload(&alice, &group, 1).await;
    let place = tempfile::tempdir().unwrap();
    let backup = place.path().join("backup");
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for n in 0..20 {
        let message = group.message(&alice, &format!("before {n}"));
        let accepted: Accepted = group.submit(&alice, &message).await.ok();
        before.push((accepted.number, message.message));
    }
    let (data, to) = (relay.directory.path().to_owned(), backup.clone());
    let making = tokio::spawn(async move { back_up(&data, &to).await });
    while !making.is_finished() || after.len() < 20 {
        let message = group.message(&alice, "meanwhile");
        let accepted: Accepted = group.submit(&alice, &message).await.ok();
        after.push((accepted.number, message.message));
    }
    assert_eq!(making.await.unwrap().unwrap().files, 1);
    upload(&alice, &group, 2).await;
    let elsewhere = restored(&relay, &backup).await;
    relay.move_to(elsewhere).await;

    alice.get("/v1/account").await.problem(ProblemType::NoSession);
    for device in [&mut alice, &mut bob] {
        device.start_session().await;
    }
    let mut there = log(&bob, &group).await;
    let all = [before.clone(), after].concat();
    assert!(there.len() >= before.len(), "all that was acknowledged before the backup began is there");
    assert_eq!(there[..], all[..there.len()], "what came while it was made is there up to one moment");
    for (n, expected) in [(1, 200), (2, 404)] {
        let (id, bytes) = blob(n);
        let answer = bob.get(&format!("/v1/blobs/{id}")).await;
        assert_eq!((answer.status, answer.body == bytes), (expected, expected == 200), "blob {n}");
    }
    let left: KeyPackageCount = alice.get(paths::KEY_PACKAGES).await.ok();
    assert_eq!((left.one_time, left.last_resort), (0, true), "none is given out twice");
    let message = group.message(&alice, "and on");
    let accepted: Accepted = group.submit(&alice, &message).await.ok();
    there.push((accepted.number, message.message));
    assert_eq!(log(&bob, &group).await, there);
    upload(&alice, &group, 2).await;
}

/// The restored relay would give the numbers of the lost time to other changes, which a client's cursor then hid.
#[tokio::test]
async fn a_cursor_of_the_time_that_was_lost_hides_nothing() {
    let mut relay = TestRelay::start().await;
    let (mut alice, mut bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut group = Group::found(&alice, &bob).await;
    let place = tempfile::tempdir().unwrap();
    let backup = place.path().join("backup");
    back_up(relay.directory.path(), &backup).await.unwrap();
    let elsewhere = restored(&relay, &backup).await;
    for n in 0..30 {
        group.send(&alice, &format!("lost {n}")).await;
    }
    let (_, cursor) = Reader::open(&bob, None).await.until_ready().await;
    relay.move_to(elsewhere).await;
    for device in [&mut alice, &mut bob] {
        device.start_session().await;
    }
    let sent = group.send(&alice, "is it told?").await;
    for _ in 0..40 {
        alice.put("/v1/account/policy", &RequestPolicy::default()).await.done();
    }
    let (missed, _) = Reader::open(&bob, Some(&cursor)).await.until_ready().await;
    assert!(missed.contains(&StreamEvent::Log { conversation: group.id, last: sent.number }), "{missed:?}");
    let few = missed.iter().any(|event| matches!(event, StreamEvent::KeyPackages { one_time: 0 }));
    assert!(few, "{missed:?}");
}

#[tokio::test]
async fn a_backup_of_a_relay_that_does_not_run_is_the_same() {
    let mut relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut group = Group::found(&alice, &bob).await;
    group.send(&alice, "hello").await;
    let place = tempfile::tempdir().unwrap();
    let (running, stopped) = (place.path().join("running"), place.path().join("stopped"));
    let of_running = back_up(relay.directory.path(), &running).await.unwrap();
    relay.take().stop().await;
    let of_stopped = back_up(relay.directory.path(), &stopped).await.unwrap();
    assert_eq!(of_stopped.change, of_running.change);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 2, "nothing else is left");
}

#[tokio::test]
async fn nothing_is_overwritten_and_what_is_no_backup_is_refused() {
    let relay = TestRelay::start().await;
    let place = tempfile::tempdir().unwrap();
    let backup = place.path().join("backup");
    let nothing = place.path().join("nothing");
    assert!(matches!(back_up(&nothing, &backup).await, Err(BackupError::NoDatabase { .. })));
    back_up(relay.directory.path(), &backup).await.unwrap();
    assert!(matches!(back_up(relay.directory.path(), &backup).await, Err(BackupError::Exists { .. })));
    let running = restore(&backup, relay.directory.path()).await.unwrap_err();
    assert!(running.to_string().contains("another relay"), "{running}");
    assert!(matches!(restore(place.path(), &nothing).await, Err(RestoreError::NoBackup { .. })));
    restore(&backup, &nothing).await.unwrap();
    assert!(matches!(restore(&backup, &nothing).await, Err(RestoreError::Exists { .. })));
}

#[tokio::test]
async fn a_damaged_backup_is_not_restored() {
    let relay = TestRelay::start().await;
    let place = tempfile::tempdir().unwrap();
    let (backup, data) = (place.path().join("backup"), place.path().join("data"));
    back_up(relay.directory.path(), &backup).await.unwrap();
    let file = backup.join("relay.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0xff);
    std::fs::write(&file, bytes).unwrap();
    restore(&backup, &data).await.unwrap_err();
    assert!(!data.join("relay.db").exists());
}

#[tokio::test]
async fn a_backup_is_closed_to_other_users() {
    use std::os::unix::fs::PermissionsExt as _;
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let group = Group::found(&alice, &bob).await;
    upload(&alice, &group, 1).await;
    let place = tempfile::tempdir().unwrap();
    let backup = place.path().join("backup");
    back_up(relay.directory.path(), &backup).await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let file = backup.join("blobs").join("01".repeat(32));
    assert_eq!([mode(&backup), mode(&backup.join("blobs"))], [0o700; 2]);
    assert_eq!([mode(&backup.join("relay.db")), mode(&backup.join("backup.json")), mode(&file)], [0o600; 3]);
}

#[tokio::test]
async fn what_belongs_to_another_database_is_not_mistaken_for_the_restored_ones() {
    let (relay, other) = (TestRelay::start().await, TestRelay::start().await);
    let (alice, _bob) = (relay.device("alice").await, other.device("bob").await);
    let place = tempfile::tempdir().unwrap();
    let (backup, data) = (place.path().join("backup"), place.path().join("data"));
    back_up(relay.directory.path(), &backup).await.unwrap();
    std::fs::create_dir(&data).unwrap();
    // As a killed relay leaves it.
    let log = other.directory.path().join("relay.db-wal");
    assert!(std::fs::metadata(&log).unwrap().len() > 0);
    for name in ["relay.db-wal", "relay.db-shm", "relay.db-journal"] {
        let left = data.join(name);
        std::fs::copy(&log, &left).unwrap();
        let refused = restore(&backup, &data).await.unwrap_err();
        assert!(matches!(&refused, RestoreError::Exists { file } if *file == left), "{refused}");
        assert!(!data.join("relay.db").exists() && left.exists(), "{name}");
        std::fs::remove_file(left).unwrap();
    }
    // As a restore that was cut off leaves it.
    for name in ["relay.db.partial", "relay.db.partial-wal", "relay.db.partial-journal"] {
        std::fs::copy(&log, data.join(name)).unwrap();
    }
    restore(&backup, &data).await.unwrap();
    let listed = TestRelay::admin_of(&data, &["accounts", "list"]).await.unwrap();
    assert_eq!(listed["accounts"].as_array().unwrap().len(), 1);
    assert_eq!(listed["accounts"][0]["handle"], json!(alice.handle()));
}
