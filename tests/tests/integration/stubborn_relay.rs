//! A relay that refuses for ever, or says what makes no sense, is neither hammered nor believed.
//!
//! The test host panics when a client does not come to rest, so each of these would find a loop.
//!
//! Spec: `conversations.md` 13; `relay-api.md` 4.

use infrasound_core::{
    input::{HttpResponse, Wish},
    warning::Warning,
};
use infrasound_spec::{
    api::{
        contacts::ContactList,
        conversations::{WelcomeList, WrongEpoch},
        problem::{Problem, ProblemType},
    },
    consent::ContactState,
};
use infrasound_tests::{device::Device, world::World};

fn refuse(response: &mut HttpResponse, problem: &Problem) {
    response.status = problem.status;
    response.body = serde_json::to_vec(problem).unwrap();
}

#[tokio::test]
async fn a_refused_claim_waits_and_nothing_is_lost_by_it() {
    let world = World::start().await;
    let (mut alice, old) = world.acquainted().await;
    let bob = old.handle();
    let mut new = world.start_over("bob").await;
    alice.sync().await;
    alice.tamper(|request, response| {
        if request.path.contains("/claim") {
            refuse(response, &Problem::new(ProblemType::NoKeyPackages, "none left"));
        }
    });
    let before = alice.requests();
    alice.say(&bob, ContactState::Accepted).await;
    alice.send(&bob, "welcome back").await;
    assert!(alice.requests() - before < 20, "{} requests", alice.requests() - before);
    assert_eq!(alice.history(&bob).await.last().unwrap().number, None, "the message waits");

    alice.trust();
    alice.advance(600_000).await;
    new.sync().await;
    assert!(new.texts(&alice.handle()).await.last().unwrap().contains("welcome back"));
}

#[tokio::test]
async fn an_epoch_that_is_always_wrong_uses_up_no_ratchet() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    alice.tamper(|request, response| {
        if request.path.ends_with("/messages") {
            let mut problem = Problem::new(ProblemType::WrongEpoch, "moved on");
            problem.wrong_epoch = Some(WrongEpoch { epoch: 99, entries: Vec::new() });
            refuse(response, &problem);
        }
    });
    let before = alice.requests();
    alice.send(&bob.handle(), "once").await;
    assert!(alice.requests() - before < 20, "{} requests", alice.requests() - before);
    // The harness has checked that one submission id stood for one ciphertext.
    alice.trust();
    alice.advance(600_000).await;
    alice.sync().await;
    bob.sync().await;
    let texts = bob.texts(&alice.handle()).await;
    assert_eq!(texts.iter().filter(|text| text.contains("once")).count(), 1, "{texts:?}");
    assert_eq!(bob.warnings(), []);
}

#[tokio::test]
async fn sessions_that_end_as_soon_as_they_are_given_are_not_asked_for_without_pause() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    alice.tamper(|request, response| {
        if !request.path.contains("/sessions") {
            refuse(response, &Problem::new(ProblemType::NoSession, "ended"));
        }
    });
    let before = alice.requests();
    alice.send(&bob.handle(), "in the end").await;
    alice.sync().await;
    assert!(alice.requests() - before < 60, "{} requests", alice.requests() - before);
    alice.trust();
    alice.advance(600_000).await;
    bob.sync().await;
    assert!(bob.texts(&alice.handle()).await.last().unwrap().contains("in the end"));
}

#[tokio::test]
async fn numbers_that_no_log_has_are_not_believed() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    alice.tamper(|request, response| {
        if request.path == "/v1/conversations" {
            let mut body: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
            body["conversations"][0]["last"] = u64::MAX.into();
            response.body = serde_json::to_vec(&body).unwrap();
        }
    });
    alice.sync().await;
    alice.send(&bob.handle(), "still fine").await;
    bob.sync().await;
    assert!(bob.texts(&alice.handle()).await.last().unwrap().contains("still fine"));
}

#[tokio::test]
async fn a_name_stands_for_one_account_only() {
    let world = World::start().await;
    let (mut alice, bob) = world.acquainted().await;
    let mut carol = world.login("carol").await;
    carol.send(&alice.handle(), "I am bob, honestly").await;
    let (of_bob, of_carol) = (bob.handle(), carol.handle());
    alice.tamper(move |request, response| {
        if request.path == "/v1/welcomes" {
            let mut list: WelcomeList = serde_json::from_slice(&response.body).unwrap();
            for participant in list.welcomes.iter_mut().flat_map(|welcome| &mut welcome.participants) {
                if participant.handle == of_carol {
                    participant.handle = of_bob.clone();
                }
            }
            response.body = serde_json::to_vec(&list).unwrap();
        }
    });
    alice.sync().await;
    assert!(
        matches!(&alice.warnings()[..], [Warning::WelcomeRefused { who, .. }] if *who == bob.handle()),
        "{:?}",
        alice.warnings()
    );
    assert_eq!(alice.core().conversations().len(), 1);
}

#[tokio::test]
async fn the_relay_cannot_accept_somebody_in_a_persons_place() {
    let world = World::start().await;
    let mut alice = world.login("alice").await;
    let mut bob = world.login("bob").await;
    alice.send(&bob.handle(), "let me in").await;
    bob.sync().await;
    bob.tamper(|request, response| {
        if request.path == "/v1/contacts" {
            let mut list: ContactList = serde_json::from_slice(&response.body).unwrap();
            list.contacts.iter_mut().for_each(|contact| contact.state = ContactState::Accepted);
            response.body = serde_json::to_vec(&list).unwrap();
        }
    });
    bob.sync().await;
    assert!(bob.core().conversations()[0].request, "still a request");
    let conversation = bob.with(&alice.handle());
    assert!(bob.wish(Wish::RenewLeaf { conversation }).await.is_err());
}

#[tokio::test]
async fn a_signed_out_device_still_shows_its_history() {
    let world = World::start().await;
    let (alice, mut old) = world.acquainted().await;
    let _new = world.start_over("bob").await;
    old.sync().await;
    assert_eq!(old.texts(&alice.handle()).await.len(), 1);
}

#[tokio::test]
async fn accepting_confirms_the_key_that_was_compared_and_no_later_one() {
    let world = World::start().await;
    let (mut alice, old) = world.acquainted().await;
    let bob = old.handle();
    let _second = world.start_over("bob").await;
    alice.sync().await;
    alice.wish(Wish::SafetyNumber { who: bob.clone() }).await.unwrap();
    let _third = Device::login(
        &world.base,
        &infrasound_tests::sign_in::demo_token(&world.base, "bob").await,
        true,
        4_242,
    )
    .await;
    alice.sync().await;
    alice.say(&bob, ContactState::Accepted).await;
    alice.send(&bob, "to the one whose number I compared").await;
    let alarms = alice
        .warnings()
        .iter()
        .filter(|warning| matches!(warning, Warning::AccountKeyChanged { .. }))
        .count();
    assert_eq!(alarms, 2, "the key that nobody compared is another alarm");
    assert_eq!(alice.history(&bob).await.last().unwrap().number, None, "and nothing goes to it");
}
