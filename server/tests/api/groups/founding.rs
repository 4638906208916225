//! Founding a group, and founding it again.

use infrasound_spec::{
    api::{
        conversations::{Accepted, ConversationList, PendingWelcome},
        problem::ProblemType,
        stream::StreamEvent,
    },
    consent::ContactState,
    conversation::{Conversation, ConversationKind},
    policy::{GroupPolicy, Role},
    report::CommitOutcome,
};

use crate::support::{Group, Reader, TestRelay, claim_all};

#[tokio::test]
async fn a_group_of_many_is_founded_in_one_step() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let mut groups = Group::joined_by(&alice, &[&bob, &carol], |_| ()).await;
    let id = groups[0].id;
    for (group, device) in groups.iter_mut().zip([&alice, &bob, &carol]) {
        let head = device.head(&id).await;
        assert_eq!((head.kind, head.epoch, head.member), (ConversationKind::Group, 1, true));
        assert!(head.participants.is_empty());
        let list: ConversationList = device.get("/v1/conversations").await.ok();
        assert_eq!(list.conversations, [head]);
        group.send(device, "hello all").await;
    }
    assert_eq!(bob.head(&id).await.inviter.unwrap().account, *alice.account());
    assert_eq!(alice.head(&id).await.inviter, None);
}

#[tokio::test]
async fn each_device_gets_a_welcome_with_its_own_secret_only() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    Group::of(&alice, &[&bob, &carol], |_| ()).await;
    for device in [&bob, &carol] {
        let pending: PendingWelcome = device.welcomes().await.welcomes.pop().unwrap();
        assert_eq!(pending.kind, ConversationKind::Group);
        assert_eq!(pending.inviter.account, *alice.account());
        assert!(pending.participants.is_empty());
        let message =
            <openmls::prelude::MlsMessageIn as tls_codec::DeserializeBytes>::tls_deserialize_exact_bytes(
                &pending.bytes.0,
            );
        let openmls::prelude::MlsMessageBodyIn::Welcome(welcome) = message.unwrap().extract() else {
            panic!("not a Welcome")
        };
        assert_eq!(welcome.secrets().len(), 1);
        Group::join_by(device, &pending).await;
    }
}

#[tokio::test]
async fn a_group_of_one_is_founded_and_confirmed_at_once() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let mut group = Group::of(&alice, &[], |_| ()).await;
    assert_eq!(alice.head(&group.id).await.provisional, None);
    group.send(&alice, "a note to myself").await;
}

#[tokio::test]
async fn nobody_founds_a_group_under_somebody_elses_id() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let conversation = Conversation::group(alice.account(), [1; 16], 0);
    let policy = GroupPolicy::new(bob.account());
    let (_, found) = Group::prepare_as(&bob, &conversation, Some(&policy), Vec::new());
    bob.post("/v1/conversations", &found).await.problem(ProblemType::Forbidden);
}

#[tokio::test]
async fn who_founds_a_group_is_its_owner() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let conversation = Conversation::group(alice.account(), [1; 16], 0);
    let mut policy = GroupPolicy::new(alice.account());
    policy.roles.clear();
    let (_, found) = Group::prepare_as(&alice, &conversation, Some(&policy), Vec::new());
    alice.post("/v1/conversations", &found).await.problem(ProblemType::Invalid);
    let other = Conversation::group(alice.account(), [2; 16], 0);
    let (_, found) = Group::prepare_as(&alice, &other, None, Vec::new());
    alice.post("/v1/conversations", &found).await.problem(ProblemType::Invalid);
}

#[tokio::test]
async fn a_founding_that_adds_who_blocks_is_refused_and_names_the_account() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let added = claim_all(&alice, &[&bob, &carol]).await;
    carol.say(&alice, ContactState::Blocked).await;
    let conversation = Conversation::group(alice.account(), [1; 16], 0);
    let policy = GroupPolicy::new(alice.account());
    let (_, found) = Group::prepare_as(&alice, &conversation, Some(&policy), added);
    let problem = alice.post("/v1/conversations", &found).await.problem(ProblemType::NoConsent);
    assert!(problem.detail.contains(carol.account().as_str()), "{}", problem.detail);
    assert!(bob.welcomes().await.welcomes.is_empty(), "nothing of it was kept");
    alice.get(&format!("/v1/conversations/{}", found.conversation)).await.problem(ProblemType::NotFound);
}

#[tokio::test]
async fn a_group_is_no_larger_than_the_relay_takes() {
    let relay = TestRelay::configured(|config| config.max_accounts = 2).await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let mut group = Group::of(&alice, &[&bob], |_| ()).await;
    let added = claim_all(&alice, &[&carol]).await;
    let commit = group.commit(&alice, added, &[]);
    group.submit_commit(&alice, &commit).await.problem(ProblemType::TooLarge);
    group.discard(&alice);
    let commit = group.update(&alice);
    group.submit_commit(&alice, &commit).await.ok::<Accepted>();
}

#[tokio::test]
async fn an_owner_founds_a_standing_group_again_and_nobody_else() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let conversation = Conversation::group(alice.account(), [1; 16], 0);
    let mut policy = GroupPolicy::new(alice.account());
    let (mut group, found) =
        Group::prepare_as(&alice, &conversation, Some(&policy), claim_all(&alice, &[&bob]).await);
    alice.post("/v1/conversations", &found).await.ok::<Accepted>();
    group.merge(&alice);
    let joined = Group::join(&bob).await;
    bob.consent(&group.id, ContactState::Accepted).await.done();
    joined.report(&bob, 1, joined.applied()).await.done();
    let again = Conversation { generation: 1, ..conversation };
    let by_bob = GroupPolicy::new(bob.account());
    let (_, found) = Group::prepare_as(&bob, &again, Some(&by_bob), claim_all(&bob, &[&alice]).await);
    bob.post("/v1/conversations", &found).await.problem(ProblemType::Forbidden);
    policy.roles.insert(bob.account().clone(), Role::Owner);
    let mut stream = Reader::open(&bob, None).await;
    stream.until_ready().await;
    let (_, found) = Group::prepare_as(&alice, &again, Some(&policy), claim_all(&alice, &[&bob]).await);
    let refounded: Accepted = alice.post("/v1/conversations", &found).await.ok();
    assert_eq!(stream.next().await.unwrap().1, StreamEvent::KeyPackages { one_time: 0 });
    assert_eq!(stream.next().await.unwrap().1, StreamEvent::Welcome);
    let head = bob.head(&again.id).await;
    assert_eq!((head.generation, head.epoch, head.provisional), (1, 1, Some(refounded.number)));
    assert_eq!(head.consent, ContactState::Accepted, "who was in the group is not asked again");
}

#[tokio::test]
async fn who_is_on_its_way_out_is_asked_anew_when_the_group_is_founded_again() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let conversation = Conversation::group(alice.account(), [1; 16], 0);
    let policy = GroupPolicy::new(alice.account());
    let (mut group, found) =
        Group::prepare_as(&alice, &conversation, Some(&policy), claim_all(&alice, &[&bob]).await);
    alice.post("/v1/conversations", &found).await.ok::<Accepted>();
    group.merge(&alice);
    let mut joined = Group::join(&bob).await;
    bob.consent(&group.id, ContactState::Accepted).await.done();
    joined.report(&bob, 1, joined.applied()).await.done();
    let proposal = joined.leave(&bob);
    joined.submit_proposal(&bob, &proposal).await.ok::<Accepted>();
    let again = Conversation { generation: 1, ..conversation };
    let (_, found) = Group::prepare_as(&alice, &again, Some(&policy), claim_all(&alice, &[&bob]).await);
    alice.post("/v1/conversations", &found).await.ok::<Accepted>();
    assert_eq!(bob.head(&again.id).await.consent, ContactState::None);
}

#[tokio::test]
async fn after_a_voided_founding_the_creator_founds_the_next_generation() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let conversation = Conversation::group(alice.account(), [1; 16], 0);
    let policy = GroupPolicy::new(alice.account());
    let (group, found) =
        Group::prepare_as(&alice, &conversation, Some(&policy), claim_all(&alice, &[&bob]).await);
    alice.post("/v1/conversations", &found).await.ok::<Accepted>();
    group.report(&bob, 1, CommitOutcome::CannotApply).await.done();
    let head = alice.head(&group.id).await;
    assert_eq!((head.founded, head.generation), (false, 1));
    let again = Conversation { generation: 1, ..conversation };
    let (_, found) = Group::prepare_as(&alice, &again, Some(&policy), Vec::new());
    alice.post("/v1/conversations", &found).await.ok::<Accepted>();
    assert_eq!(alice.head(&group.id).await.generation, 1);
}
