//! What mls-rs makes, measured by the functions that hub and clients use.

use std::time::{SystemTime, UNIX_EPOCH};

use infrasound_spec::{
    account::AccountUri,
    commit::{self, CommitViolation, Framing},
    conversation::{self, Conversation},
    endorsement::EndorsementError,
    key_package::{self, KEY_PACKAGE_LIFETIME, KEY_PACKAGE_MARGIN, KeyPackageError},
    log::LogPosition,
    members::Members,
    mls::{LOG_POSITION_EXTENSION, LeafError},
    time::{HOUR, SECOND, Timestamp},
};
use infrasound_tests::mls_rs::{CommitError, Founded, KeyPackageUse, Keys};
use openmls::{
    group::ProposalStore,
    messages::group_info::VerifiableGroupInfo,
    prelude::{
        DeserializeBytes as _, MlsMessageBodyIn, MlsMessageIn, ProcessedMessageContent, ProtocolMessage,
        PublicGroup, RatchetTreeIn,
    },
};
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::OpenMlsProvider as _;

fn now() -> Timestamp {
    Timestamp::from_secs(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs())
}

fn account(name: &str) -> AccountUri {
    format!("https://social.example/users/{name}").parse().unwrap()
}

fn founded_by(alice: &Keys, bob: &Keys) -> Result<Founded, CommitError> {
    let direct = Conversation::direct(&account("alice"), &account("bob"), 0).unwrap();
    alice.found(direct, &[bob.key_package(KeyPackageUse::OneTime, now())], now())
}

fn received(bytes: &[u8]) -> MlsMessageBodyIn {
    MlsMessageIn::tls_deserialize_exact_bytes(bytes).unwrap().extract()
}

fn group_info(bytes: &[u8]) -> VerifiableGroupInfo {
    let MlsMessageBodyIn::GroupInfo(info) = received(bytes) else { panic!("not a GroupInfo") };
    info
}

#[test]
fn a_key_package_of_mls_rs_passes_every_check() {
    let crypto = OpenMlsRustCrypto::default();
    let keys = Keys::generate(account("bob"), now());
    for used in [KeyPackageUse::OneTime, KeyPackageUse::LastResort] {
        let bytes = keys.key_package(used, now());
        let parsed = key_package::parse(crypto.crypto(), &bytes, now(), KEY_PACKAGE_MARGIN).unwrap();
        assert_eq!((&parsed.device.account, parsed.device.device_key), (&keys.account, keys.public()));
        assert_eq!(parsed.last_resort, used == KeyPackageUse::LastResort);
        let end = now().minus_millis(HOUR).plus_millis(KEY_PACKAGE_LIFETIME);
        assert!(end.millis_since(parsed.expires).max(parsed.expires.millis_since(end)) <= 2 * SECOND);
    }
}

#[test]
fn an_endorsement_for_another_key_is_refused_on_both_sides() {
    let crypto = OpenMlsRustCrypto::default();
    let alice = Keys::generate(account("alice"), now());
    let bob = Keys::generate(account("bob"), now()).with_foreign_endorsement();
    let expected = LeafError::Endorsement(EndorsementError::BadSignature);
    let bytes = bob.key_package(KeyPackageUse::OneTime, now());
    let parsed = key_package::parse(crypto.crypto(), &bytes, now(), 0);
    assert!(matches!(parsed, Err(KeyPackageError::Leaf(error)) if error == expected));
    let founded = founded_by(&alice, &bob);
    assert!(
        matches!(founded, Err(CommitError::Violation(CommitViolation::Leaf(error))) if error == expected)
    );
}

#[test]
fn a_stranger_is_not_added_by_a_client_on_mls_rs() {
    let alice = Keys::generate(account("alice"), now());
    let mallory = Keys::generate(account("mallory"), now());
    let founded = founded_by(&alice, &mallory);
    assert!(
        matches!(founded, Err(CommitError::Violation(CommitViolation::Stranger(who))) if who == account("mallory"))
    );
}

#[test]
fn a_founding_by_mls_rs_is_valid_at_the_hub() {
    let (alice, bob) = (Keys::generate(account("alice"), now()), Keys::generate(account("bob"), now()));
    let founded = founded_by(&alice, &bob).unwrap();
    let hub = OpenMlsRustCrypto::default();
    let tree = RatchetTreeIn::tls_deserialize_exact_bytes(&founded.tree).unwrap();
    let info = group_info(&founded.group_info);
    assert!(info.extensions().ratchet_tree().is_none(), "the tree travels apart");
    let (mut group, _) =
        PublicGroup::from_external(hub.crypto(), hub.storage(), tree, info, ProposalStore::new()).unwrap();
    assert_eq!(conversation::conversation_of(group.group_context()), Ok(founded.direct.clone()));

    let MlsMessageBodyIn::PublicMessage(commit) = received(founded.bundle.commit.as_slice()) else {
        panic!("not a PublicMessage")
    };
    let processed = group.process_message(hub.crypto(), ProtocolMessage::from(commit)).unwrap();
    let (sender, aad) = (processed.sender().clone(), processed.aad().to_vec());
    let ProcessedMessageContent::StagedCommitMessage(staged) = processed.into_content() else {
        panic!("not a commit")
    };
    let framing = Framing { sender: &sender, aad: &aad };
    let changes = commit::check(&group, &Members::of(&group).unwrap(), framing, &staged, now()).unwrap();
    assert_eq!(changes.committer.device_key, alice.public());
    assert_eq!(changes.added.iter().map(|device| device.device_key).collect::<Vec<_>>(), [bob.public()]);
    group.merge_commit(hub.storage(), *staged).unwrap();

    let info = group_info(founded.bundle.group_info.as_slice());
    assert!(info.extensions().ratchet_tree().is_none(), "the tree travels apart");
    let position = info.extensions().unknown(LOG_POSITION_EXTENSION).unwrap();
    assert_eq!(LogPosition::decode(&position.0), Some(LogPosition::start(&founded.direct.id, 0, 0)));
    assert_eq!(info.group_id(), group.group_context().group_id());
}
