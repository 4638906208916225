//! What this client does not believe. Both sides are mls-rs here; the hub is played by the test, and lies.

use infrasound_spec::{
    account::DeviceId,
    commit::CommitViolation,
    content::{Act, Activity, Note, ObjectId},
    conversation::Conversation,
    log::{self, EntryKind, LogEntry},
    report::CommitOutcome,
    submission::SubmissionId,
    time::{DAY, Timestamp},
};

use super::{
    conversation::MlsRsConversation,
    device::{KeyPackageUse, key_package, now},
    founding::{Changes, Founded},
    joining::{self, JoinError},
    keys::{Keys, random},
    log::EntryError,
    parameters,
};

fn entry(number: u64, kind: EntryKind, bytes: Vec<u8>) -> LogEntry {
    let digest = log::digest(&bytes);
    LogEntry {
        number,
        time: now(),
        kind,
        digest,
        bytes: Some(bytes.into()),
        submitter: None,
        submission: None,
    }
}

fn founded() -> (MlsRsConversation, Result<MlsRsConversation, JoinError>) {
    let keys = |name| Keys::generate(format!("https://social.example/{name}").parse().unwrap(), now());
    let (alice, bob) = (keys("alice"), keys("bob"));
    let direct = Conversation::direct(&alice.account, &bob.account, 0).unwrap();
    let client = parameters::client(&bob);
    let invited = key_package(&client, &bob, KeyPackageUse::OneTime, now());
    let founded = Founded::make(&parameters::client(&alice), &alice, direct, &[invited], now()).unwrap();
    let welcome = founded.bundle.welcome.clone().unwrap();
    let first = entry(1, EntryKind::Commit, founded.bundle.commit.0.clone());
    let at_alice = founded.stands(&first);
    let tree = at_alice.group.export_tree().to_bytes().unwrap();
    let at_bob = joining::join(&client, &bob, welcome.as_slice(), &tree, 1).map(|mut joined| {
        joined.take(&first).unwrap();
        joined
    });
    (at_alice, at_bob)
}

/// Alice's and Bob's ends of a conversation whose founding is confirmed.
fn acquainted() -> (MlsRsConversation, MlsRsConversation) {
    let (mut alice, bob) = founded();
    let mut bob = bob.unwrap();
    let confirm = entry(2, EntryKind::Confirm, log::control_bytes(1).to_vec());
    alice.take(&confirm).unwrap();
    bob.take(&confirm).unwrap();
    (alice, bob)
}

fn note() -> Activity {
    let note = Note {
        id: ObjectId::from_random(random()),
        html: "<p>hello</p>".to_owned(),
        in_reply_to: None,
        attachments: Vec::new(),
    };
    Activity { id: ObjectId::from_random(random()), act: Act::Create(note) }
}

fn renewal(alice: &mut MlsRsConversation) -> LogEntry {
    entry(3, EntryKind::Commit, alice.commit(Changes::default(), now()).unwrap().commit.0)
}

fn message(alice: &mut MlsRsConversation) -> LogEntry {
    entry(3, EntryKind::Message, alice.encrypt(&note()).unwrap())
}

fn flip_last_bit(mut entry: LogEntry) -> LogEntry {
    let mut bytes = entry.bytes.take().unwrap().0;
    *bytes.last_mut().unwrap() ^= 1;
    LogEntry { digest: log::digest(&bytes), bytes: Some(bytes.into()), ..entry }
}

#[test]
fn what_is_not_altered_is_believed() {
    let (mut alice, mut bob) = acquainted();
    let entry = message(&mut alice);
    bob.take(&entry).unwrap();
    assert_eq!(bob.received[0].sender.account, bob.context.pair().unwrap()[0]);
    assert_eq!(bob.received[0].number, 3);
}

#[test]
fn an_altered_commit_is_reported_and_forgotten_when_it_is_voided() {
    let (mut alice, mut bob) = acquainted();
    bob.reports.clear();
    let honest = renewal(&mut alice);
    let refused = bob.take(&flip_last_bit(honest));
    assert!(matches!(refused, Err(EntryError::Mls { number: 3, .. })), "{refused:?}");
    assert_eq!(bob.reports, [(3, CommitOutcome::CannotApply)]);
    assert_eq!((bob.epoch(), bob.provisional()), (1, None));
    bob.take(&entry(4, EntryKind::Void, log::control_bytes(3).to_vec())).unwrap();
}

#[test]
fn a_voided_commit_leaves_the_group_as_it_was() {
    let (mut alice, mut bob) = acquainted();
    let before = (alice.applied(), bob.applied());
    let commit = renewal(&mut alice);
    let own = SubmissionId::from_bytes(random());
    alice.submitted.insert(own, commit.digest);
    alice.take(&LogEntry { submission: Some(own), ..commit.clone() }).unwrap();
    bob.take(&commit).unwrap();
    assert_eq!((alice.epoch(), bob.epoch()), (2, 2));
    assert_eq!(alice.applied(), bob.applied());
    let void = entry(4, EntryKind::Void, log::control_bytes(3).to_vec());
    alice.take(&void).unwrap();
    bob.take(&void).unwrap();
    assert_eq!((alice.applied(), bob.applied()), before);
    let next = entry(5, EntryKind::Message, alice.encrypt(&note()).unwrap());
    bob.take(&next).unwrap();
}

#[test]
fn a_commit_whose_endorsement_has_expired_at_its_entrys_time_is_refused() {
    let (mut alice, mut bob) = acquainted();
    let commit = renewal(&mut alice);
    let late = Timestamp::from_millis(commit.time.as_millis() + 400 * DAY);
    let refused = bob.take(&LogEntry { time: late, ..commit });
    assert!(matches!(refused, Err(EntryError::Violation(CommitViolation::Leaf(_)))), "{refused:?}");
    assert_eq!(bob.epoch(), 1, "the group is as it was");
}

#[test]
fn an_altered_message_is_refused() {
    let (mut alice, mut bob) = acquainted();
    let entry = message(&mut alice);
    assert!(matches!(bob.take(&flip_last_bit(entry)), Err(EntryError::Mls { number: 3, .. })));
    assert!(bob.received.is_empty());
}

#[test]
fn another_sender_than_the_leaf_is_refused() {
    let (mut alice, mut bob) = acquainted();
    let entry = LogEntry { submitter: Some(DeviceId::from_bytes([9; 16])), ..message(&mut alice) };
    assert!(matches!(bob.take(&entry), Err(EntryError::SenderRewritten(3))));
}

#[test]
fn a_log_that_the_sender_did_not_see_is_noticed() {
    let (mut alice, mut bob) = founded();
    let bob = bob.as_mut().unwrap();
    alice.take(&entry(2, EntryKind::Confirm, log::control_bytes(1).to_vec())).unwrap();
    let another_time = Timestamp::from_millis(now().as_millis() + 1_000);
    bob.take(&LogEntry {
        time: another_time,
        ..entry(2, EntryKind::Confirm, log::control_bytes(1).to_vec())
    })
    .unwrap();
    assert!(matches!(bob.take(&message(&mut alice)), Err(EntryError::HistoriesDiffer(3))));
}

#[test]
fn a_gap_in_the_log_is_noticed() {
    let (mut alice, mut bob) = acquainted();
    let entry = LogEntry { number: 4, ..message(&mut alice) };
    assert!(matches!(bob.take(&entry), Err(EntryError::NotTheNext(4))));
}
