//! Consent: a first contact is a request that is opened silently; accept, ignore, block.
//!
//! Spec: `conversations.md` 10; `relay-api.md` 8.

use infrasound_core::{
    event::Event,
    input::{HttpResponse, Input, Wish, WishId},
    message::MessageState,
    output::{Method, Output, RequestId},
};
use infrasound_spec::{
    api::{contacts::ContactList, conversations::LogPage, paths, stream::StreamEvent},
    consent::{ContactState, RequestPolicy, Verdict},
    log::EntryKind,
    time::HOUR,
};
use infrasound_tests::{device::Device, world::World};
use rand_core::OsRng;

async fn asked(world: &World) -> (Device, Device) {
    let mut alice = world.login("alice").await;
    let mut bob = world.login("bob").await;
    alice.send(&bob.handle(), "may I?").await;
    bob.sync().await;
    (alice, bob)
}

fn failures(device: &Device) -> Vec<String> {
    let failures = device.events.iter().filter_map(|event| match event {
        Event::IntentFailed { failure, .. } => Some(failure.text.clone()),
        _ => None,
    });
    failures.collect()
}

#[tokio::test]
async fn a_request_is_shown_with_its_text() {
    let world = World::start().await;
    let (alice, mut bob) = asked(&world).await;
    let requests: Vec<_> = bob.core().conversations().into_iter().filter(|summary| summary.request).collect();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].person().unwrap().handle, alice.handle());
    assert!(bob.texts(&alice.handle()).await[0].contains("may I?"));
}

#[tokio::test]
async fn opening_a_request_shows_the_other_side_nothing() {
    let world = World::start().await;
    let (mut alice, mut bob) = asked(&world).await;
    let conversation = bob.with(&alice.handle());
    bob.wish(Wish::MarkRead { conversation, up_to: 1_000 }).await.unwrap();
    bob.advance(60_000).await;
    alice.sync().await;
    let log: LogPage = world.get(&alice, &format!("/v1/conversations/{conversation}/log?after=0")).await;
    let kinds: Vec<EntryKind> = log.entries.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [EntryKind::Commit, EntryKind::Message], "nothing but what Alice herself did");
    assert_eq!(alice.history(&bob.handle()).await[0].state, MessageState::Sent);
    assert!(bob.wish(Wish::RenewLeaf { conversation }).await.is_err());

    bob.say(&alice.handle(), ContactState::Accepted).await;
    alice.sync().await;
    assert_eq!(alice.history(&bob.handle()).await[0].state, MessageState::Read);
}

#[tokio::test]
async fn an_ignored_request_goes_away_and_its_sender_is_not_told() {
    let world = World::start().await;
    let (mut alice, mut bob) = asked(&world).await;
    bob.say(&alice.handle(), ContactState::Ignored).await;
    alice.send(&bob.handle(), "hello?").await;
    bob.sync().await;
    assert_eq!(failures(&alice), Vec::<String>::new());
    assert_eq!(alice.history(&bob.handle()).await.last().unwrap().state, MessageState::Sent);
    assert_eq!(bob.history(&alice.handle()).await.len(), 1);

    bob.say(&alice.handle(), ContactState::Accepted).await;
    bob.sync().await;
    assert_eq!(bob.history(&alice.handle()).await.len(), 2, "what was ignored is there when it is wanted");
}

#[tokio::test]
async fn who_is_blocked_gets_nothing_through_until_unblocked() {
    let world = World::start().await;
    let (mut alice, mut bob) = asked(&world).await;
    bob.say(&alice.handle(), ContactState::Accepted).await;
    bob.say(&alice.handle(), ContactState::Blocked).await;
    alice.sync().await;
    alice.send(&bob.handle(), "blocked?").await;
    assert_eq!(failures(&alice).len(), 1, "{:?}", failures(&alice));
    assert!(
        bob.wish(Wish::Send {
            to: alice.handle(),
            text: "x".to_owned(),
            in_reply_to: None,
            attachments: Vec::new()
        })
        .await
        .is_err()
    );

    bob.say(&alice.handle(), ContactState::None).await;
    alice.send(&bob.handle(), "and now?").await;
    bob.sync().await;
    let texts = bob.texts(&alice.handle()).await;
    assert!(texts.last().unwrap().contains("and now?"), "{texts:?}");
    assert!(!texts.iter().any(|text| text.contains("blocked?")), "{texts:?}");
}

#[tokio::test]
async fn who_is_blocked_and_has_lost_its_group_does_not_knock_again_and_again() {
    let world = World::start().await;
    let (mut alice, mut bob) = asked(&world).await;
    bob.say(&alice.handle(), ContactState::Accepted).await;
    alice.sync().await;
    let conversation = alice.with(&bob.handle());
    let mut journal = alice.journal.clone();
    journal.lose(alice.core().scope_of(conversation));
    bob.say(&alice.handle(), ContactState::Blocked).await;
    let mut alice = world.reopen("alice", journal).await;
    alice.sync().await;
    alice.send(&bob.handle(), "blocked?").await;
    assert_eq!(failures(&alice).len(), 1, "{:?}", failures(&alice));
    let asked = alice.requests();
    for _ in 0..12 {
        alice.advance(HOUR).await;
    }
    assert!(alice.requests() < asked + 12, "{} requests", alice.requests() - asked);

    bob.say(&alice.handle(), ContactState::None).await;
    alice.send(&bob.handle(), "and now?").await;
    bob.sync().await;
    let texts = bob.texts(&alice.handle()).await;
    assert!(texts.last().unwrap().contains("and now?"), "{texts:?}");
}

#[tokio::test]
async fn a_list_of_contacts_from_before_one_unblocked_somebody_does_not_block_them_again() {
    let world = World::start().await;
    let (alice, mut bob) = asked(&world).await;
    let alice = alice.handle();
    bob.say(&alice, ContactState::Blocked).await;
    let list: ContactList = world.get(&bob, paths::CONTACTS).await;
    let (now, mut core) = (bob.time(), bob.into_core());
    let mut give = |input| core.handle(input, now, &mut OsRng);
    let answer = |body| HttpResponse { status: 200, retry_after: None, body };
    let contacts = give(Input::StreamEvent(serde_json::to_string(&StreamEvent::Contacts).unwrap()));
    let asked = request(&contacts, Method::Get).expect("the list is asked for");
    let state = ContactState::None;
    let unblocked = give(Input::Wish(WishId(1), Wish::SetContact { who: alice.clone(), state }));
    let said = request(&unblocked, Method::Put).expect("the relay is told");
    give(Input::Response(said, answer(Vec::new())));
    let again = give(Input::Response(asked, answer(serde_json::to_vec(&list).unwrap())));
    assert!(request(&again, Method::Get).is_some(), "another list is asked for");
    let of_alice = core.contacts().into_iter().find(|(person, _)| person.handle == alice);
    assert_eq!(of_alice.unwrap().1, ContactState::None);
}

/// The request for contacts, or about one, that is among outputs.
fn request(outputs: &[Output], method: Method) -> Option<RequestId> {
    outputs.iter().find_map(|output| match output {
        Output::Request(request) if request.method == method && request.path.starts_with(paths::CONTACTS) => {
            Some(request.id)
        }
        _ => None,
    })
}

#[tokio::test]
async fn a_policy_that_drops_strangers_looks_like_a_block() {
    let world = World::start().await;
    let mut alice = world.login("alice").await;
    let mut bob = world.login("bob").await;
    let mut carol = world.login("carol").await;
    bob.wish(Wish::SetPolicy(RequestPolicy {
        for_private_mentions: Verdict::Drop,
        ..RequestPolicy::default()
    }))
    .await
    .unwrap();
    carol.say(&alice.handle(), ContactState::Blocked).await;
    alice.send(&bob.handle(), "to one who takes nothing from strangers").await;
    alice.send(&carol.handle(), "to one who has blocked me").await;
    let [dropped, blocked] = failures(&alice).try_into().unwrap();
    assert_eq!(
        dropped.replace("bob", "X"),
        blocked.replace("carol", "X"),
        "which of the two it is, is not told"
    );
}

#[tokio::test]
async fn a_policy_that_accepts_strangers_makes_no_requests() {
    let world = World::start().await;
    let mut alice = world.login("alice").await;
    let mut bob = world.login("bob").await;
    let open = RequestPolicy { for_private_mentions: Verdict::Accept, ..RequestPolicy::default() };
    bob.wish(Wish::SetPolicy(open)).await.unwrap();
    alice.send(&bob.handle(), "just like that").await;
    bob.sync().await;
    assert!(bob.core().conversations().iter().all(|summary| !summary.request));
    alice.sync().await;
    assert_eq!(alice.history(&bob.handle()).await[0].state, MessageState::Delivered);
}
