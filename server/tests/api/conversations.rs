//! Founding and looking at conversations.

use infrasound_spec::{
    api::{
        conversations::{Accepted, ConversationList},
        problem::ProblemType,
    },
    consent::ContactState,
    conversation::Conversation,
};

use crate::support::{Group, NewDevice, TestRelay};

#[tokio::test]
async fn a_conversation_is_founded_and_joined() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let group = Group::found(&alice, &bob).await;
    let head = bob.head(&group.id).await;
    assert_eq!((head.generation, head.founded, head.last, head.epoch), (0, true, 1, 1));
    assert_eq!(head.provisional, Some(1));
    assert_eq!(head.participants.len(), 2);
    let joined = Group::join(&bob).await;
    assert_eq!(joined.applied(), group.applied());
    let list: ConversationList = bob.get("/v1/conversations").await.ok();
    assert_eq!(list.conversations, vec![head]);
}

#[tokio::test]
async fn a_repeated_founding_gets_the_first_answer() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (_, found) = Group::prepare(&alice, &bob, 0).await;
    let first: Accepted = alice.post("/v1/conversations", &found).await.ok();
    let again: Accepted = alice.post("/v1/conversations", &found).await.ok();
    assert_eq!(first, again);
    assert_eq!(bob.welcomes().await.welcomes.len(), 1);
}

#[tokio::test]
async fn of_two_foundings_at_once_one_wins() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (_, one) = Group::prepare(&alice, &bob, 0).await;
    let (_, other) = Group::prepare(&bob, &alice, 0).await;
    let (first, second) =
        tokio::join!(alice.post("/v1/conversations", &one), bob.post("/v1/conversations", &other));
    let (won, lost) = if first.status == 200 { (first, second) } else { (second, first) };
    let accepted: Accepted = won.ok();
    assert_eq!(accepted.number, 1);
    lost.problem(ProblemType::ConversationExists);
}

#[tokio::test]
async fn founding_says_that_answers_are_welcome() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    Group::found(&alice, &bob).await;
    let contacts: infrasound_spec::api::contacts::ContactList = alice.get("/v1/contacts").await.ok();
    assert_eq!(contacts.contacts[0].account, *bob.account());
    assert_eq!(contacts.contacts[0].state, ContactState::Accepted);
}

#[tokio::test]
async fn a_stranger_sees_no_conversation_of_others() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let mut group = Group::found(&alice, &bob).await;
    let path = format!("/v1/conversations/{}", group.id);
    carol.get(&path).await.problem(ProblemType::NotFound);
    carol.get(&format!("{path}/log?after=0")).await.problem(ProblemType::NotFound);
    let tree = bob.welcomes().await.welcomes[0].tree;
    carol.get(&format!("{path}/trees/{tree}")).await.problem(ProblemType::NotFound);
    let message = group.message(&alice, "hello");
    let stolen = group.sign_message(&carol, message.message.0.clone());
    carol.post(&format!("{path}/messages"), &stolen).await.problem(ProblemType::NotFound);
    let list: ConversationList = carol.get("/v1/conversations").await.ok();
    assert!(list.conversations.is_empty());
}

#[tokio::test]
async fn a_founding_by_somebody_elses_device_is_refused() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let carol = relay.device("carol").await;
    let (group, found) = Group::prepare(&alice, &bob, 0).await;
    carol.post("/v1/conversations", &found).await.problem(ProblemType::BadSignature);
    let mut resigned = found;
    let signed = group.sign(&carol, resigned.bundle.clone());
    (resigned.submission, resigned.signature) = (signed.submission, signed.signature);
    carol.post("/v1/conversations", &resigned).await.problem(ProblemType::Forbidden);
}

#[tokio::test]
async fn a_founding_with_a_broken_part_is_refused() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (group, found) = Group::prepare(&alice, &bob, 0).await;
    for part in 0..5 {
        let mut broken = found.clone();
        let bytes = match part {
            0 => &mut broken.group_info.0,
            1 => &mut broken.tree.0,
            2 => &mut broken.bundle.commit.0,
            3 => &mut broken.bundle.group_info.0,
            _ => &mut broken.bundle.welcome.as_mut().unwrap().0,
        };
        // The Welcome's reference to its key package; of the commit not the tag at its end, which no relay can check.
        let at = match part {
            2 => bytes.len() / 2,
            4 => 12,
            _ => bytes.len() - 10,
        };
        bytes[at] ^= 0x40;
        let signed = group.sign(&alice, broken.bundle.clone());
        (broken.submission, broken.signature) = (signed.submission, signed.signature);
        let answer = alice.post("/v1/conversations", &broken).await;
        assert_eq!(answer.status, 422, "part {part}: {}", String::from_utf8_lossy(&answer.body));
    }
    alice.get(&format!("/v1/conversations/{}", group.id)).await.problem(ProblemType::NotFound);
}

#[tokio::test]
async fn the_first_generation_is_zero() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (_, found) = Group::prepare(&alice, &bob, 1).await;
    alice.post("/v1/conversations", &found).await.problem(ProblemType::ConversationExists);
}

#[tokio::test]
async fn a_welcome_for_a_device_that_was_revoked_is_refused() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let (_, found) = Group::prepare(&alice, &bob, 0).await;
    relay.start_over("bob").await;
    alice.post("/v1/conversations", &found).await.problem(ProblemType::Invalid);
}

#[tokio::test]
async fn when_everybody_started_over_the_conversation_is_founded_again() {
    let relay = TestRelay::start().await;
    let (alice, bob) = (relay.device("alice").await, relay.device("bob").await);
    let mut group = Group::found(&alice, &bob).await;
    group.send(&alice, "lost").await;
    let (alice, bob) = (relay.start_over("alice").await, relay.start_over("bob").await);
    let head = alice.head(&group.id).await;
    assert_eq!((head.generation, head.founded), (1, false), "a group without devices is none");
    let mut gone = head.started_over.clone();
    gone.sort();
    let id = Conversation::direct(alice.account(), bob.account(), 0).unwrap();
    assert_eq!(gone, id.pair().unwrap().to_vec());
    let (mut again, found) = Group::prepare(&alice, &bob, head.generation).await;
    let accepted: Accepted = alice.post("/v1/conversations", &found).await.ok();
    assert_eq!(accepted.number, head.last + 1);
    again.merge(&alice);
    let head = alice.head(&group.id).await;
    assert_eq!((head.generation, head.founded, head.provisional), (1, true, Some(accepted.number)));
    assert!(head.started_over.is_empty());
    assert_eq!(Group::join(&bob).await.applied(), again.applied());
    let page = bob.log(&group.id, 0).await;
    assert!(page.entries[0].bytes.is_none(), "entries of before are not the new device's");
}

#[tokio::test]
async fn who_has_never_been_here_cannot_be_written_to() {
    let relay = TestRelay::start().await;
    let alice = relay.device("alice").await;
    let bob = NewDevice::make(&relay.sign_in("bob").await);
    let claim = serde_json::json!({ "account": bob.signed_in.account });
    alice.post("/v1/key-packages/claim", &claim).await.problem(ProblemType::NoInfrasound);
}
