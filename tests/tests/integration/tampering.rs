//! A relay that lies is noticed, and the client says what happened. One test for each lie.
//!
//! The relay is honest here; its answers are changed on their way to one of the devices.
//!
//! Spec: `conversations.md` 13.

use infrasound_core::{
    input::{HttpResponse, Wish},
    message::MessageState,
    output::HttpRequest,
    warning::Warning,
};
use infrasound_spec::{
    api::{
        conversations::{Accepted, LogPage, WelcomeList},
        key_packages::{ClaimedKeyPackage, ClaimedKeyPackages},
    },
    bytes::Base64Url,
    log::{self, EntryKind, LogEntry},
};
use infrasound_tests::{device::Device, forge, world::World};
use serde::{Serialize, de::DeserializeOwned};

/// Changes answers of one type, on paths that contain `path`.
fn change<T: Serialize + DeserializeOwned>(
    path: &'static str,
    change: impl Fn(&mut T) + Send + 'static,
) -> impl FnMut(&HttpRequest, &mut HttpResponse) + Send + 'static {
    move |request, response| {
        if request.path.contains(path) && response.status == 200 {
            let mut body: T = serde_json::from_slice(&response.body).unwrap();
            change(&mut body);
            response.body = serde_json::to_vec(&body).unwrap();
        }
    }
}

fn flip(entry: &mut LogEntry, from_end: usize) {
    let mut bytes = entry.bytes.clone().unwrap().0;
    let at = bytes.len() - from_end;
    bytes[at] ^= 1;
    entry.digest = log::digest(&bytes);
    entry.bytes = Some(Base64Url(bytes));
}

fn messages(page: &mut LogPage) -> impl Iterator<Item = &mut LogEntry> {
    page.entries.iter_mut().filter(|entry| entry.kind == EntryKind::Message)
}

/// After whatever happened, the two can still write to each other.
async fn goes_on(alice: &mut Device, bob: &mut Device) {
    bob.trust();
    alice.send(&bob.handle(), "does it still work?").await;
    bob.sync().await;
    let texts = bob.texts(&alice.handle()).await;
    assert!(texts.last().unwrap().contains("does it still work?"), "{texts:?}");
}

#[tokio::test]
async fn a_flipped_bit_in_a_message() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    bob.tamper(change("/log?", |page: &mut LogPage| messages(page).for_each(|entry| flip(entry, 9))));
    alice.send(&bob.handle(), "this gets a flipped bit").await;
    bob.sync().await;
    assert!(matches!(bob.warnings()[..], [Warning::EntryUnreadable { .. }]), "{:?}", bob.warnings());
    goes_on(&mut alice, &mut bob).await;
    assert!(bob.warnings().iter().any(|warning| matches!(warning, Warning::HistoriesDiffer { .. })));
}

#[tokio::test]
async fn bytes_that_do_not_match_their_digest() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    bob.tamper(change("/log?", |page: &mut LogPage| {
        for entry in messages(page) {
            let digest = entry.digest;
            flip(entry, 9);
            entry.digest = digest;
        }
    }));
    alice.send(&bob.handle(), "this gets a flipped bit").await;
    bob.sync().await;
    assert!(matches!(bob.warnings()[0], Warning::EntryAltered { .. }), "{:?}", bob.warnings());
    goes_on(&mut alice, &mut bob).await;
}

#[tokio::test]
async fn a_replayed_message() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    bob.tamper(change("/log?", |page: &mut LogPage| {
        let Some(mut again) = messages(page).last().cloned() else { return };
        again.number = page.last + 1;
        page.last += 1;
        page.entries.push(again);
    }));
    alice.send(&bob.handle(), "only once").await;
    bob.sync().await;
    assert!(matches!(bob.warnings()[..], [Warning::EntryReplayed { .. }, ..]), "{:?}", bob.warnings());
    let texts = bob.texts(&alice.handle()).await;
    assert_eq!(texts.iter().filter(|text| text.contains("only once")).count(), 1, "{texts:?}");
}

#[tokio::test]
async fn reordered_messages() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    alice.send(&bob.handle(), "first").await;
    alice.send(&bob.handle(), "second").await;
    bob.tamper(change("/log?", |page: &mut LogPage| {
        let [.., one, other] = page.entries.as_mut_slice() else { return };
        std::mem::swap(one, other);
        std::mem::swap(&mut one.number, &mut other.number);
    }));
    bob.sync().await;
    goes_on(&mut alice, &mut bob).await;
    let differs =
        bob.warnings().into_iter().find(|warning| matches!(warning, Warning::HistoriesDiffer { .. }));
    assert!(differs.is_some(), "{:?}", bob.warnings());
}

#[tokio::test]
async fn a_dropped_message_with_the_others_renumbered() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    alice.send(&bob.handle(), "this one is dropped").await;
    alice.send(&bob.handle(), "this one is not").await;
    bob.tamper(change("/log?", |page: &mut LogPage| {
        if page.entries.len() >= 2 {
            let at = page.entries.len() - 2;
            let number = page.entries[at].number;
            page.entries.remove(at);
            page.entries[at].number = number;
            page.last -= 1;
        }
    }));
    bob.sync().await;
    assert!(
        matches!(bob.warnings()[..], [Warning::HistoriesDiffer { .. }]),
        "the second message says what its sender had seen: {:?}",
        bob.warnings()
    );
}

#[tokio::test]
async fn a_gap_in_the_log() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    alice.send(&bob.handle(), "this one is left out").await;
    alice.send(&bob.handle(), "this one is not").await;
    bob.tamper(change("/log?", |page: &mut LogPage| {
        page.entries.remove(0);
    }));
    bob.sync().await;
    assert!(matches!(bob.warnings()[..], [Warning::LogGap { .. }, ..]), "{:?}", bob.warnings());
    goes_on(&mut alice, &mut bob).await;
    assert_eq!(bob.texts(&alice.handle()).await.len(), 4, "nothing is lost once the relay is honest again");
}

#[tokio::test]
async fn a_log_that_goes_back() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    alice.send(&bob.handle(), "seen").await;
    bob.sync().await;
    bob.tamper(change("/v1/conversations", |body: &mut serde_json::Value| {
        if let Some(head) = body.get_mut("conversations").and_then(|list| list.get_mut(0)) {
            head["last"] = 1.into();
        }
    }));
    bob.sync().await;
    assert!(matches!(bob.warnings()[..], [Warning::LogRolledBack { last: 1, .. }]), "{:?}", bob.warnings());
    goes_on(&mut alice, &mut bob).await;
}

#[tokio::test]
async fn a_message_of_ones_own_that_was_altered() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    // The relay says that something came before it, so Alice looks for her own message in the log.
    alice.tamper(|request, response| {
        if request.path.ends_with("/messages") {
            let mut accepted: Accepted = serde_json::from_slice(&response.body).unwrap();
            accepted.number += 1;
            response.body = serde_json::to_vec(&accepted).unwrap();
        } else if request.path.contains("/log?") && response.status == 200 {
            let mut page: LogPage = serde_json::from_slice(&response.body).unwrap();
            messages(&mut page).for_each(|entry| flip(entry, 9));
            response.body = serde_json::to_vec(&page).unwrap();
        }
    });
    alice.send(&bob.handle(), "mine").await;
    alice.sync().await;
    assert!(
        alice.warnings().iter().any(|warning| matches!(warning, Warning::OwnEntryAltered { .. })),
        "{:?}",
        alice.warnings()
    );
    alice.trust();
    bob.sync().await;
    assert_eq!(bob.texts(&alice.handle()).await.len(), 2);
}

#[tokio::test]
async fn a_rewritten_sender() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    let own = bob.core().device();
    bob.tamper(change("/log?", move |page: &mut LogPage| {
        messages(page).for_each(|entry| entry.submitter = Some(own));
    }));
    alice.send(&bob.handle(), "from alice").await;
    bob.sync().await;
    let sender = alice.handle();
    assert!(
        matches!(&bob.warnings()[..], [Warning::SenderRewritten { sender: told, .. }] if *told == sender),
        "{:?}",
        bob.warnings()
    );
    assert_eq!(bob.history(&sender).await.last().unwrap().sender, sender);
}

#[tokio::test]
async fn a_rewritten_sender_of_ones_own_message() {
    let world = World::start().await;
    let (mut alice, bob) = world.acquainted().await;
    let other = bob.core().device();
    // The relay says that something came before it, so Alice looks for her own message in the log.
    alice.tamper(move |request, response| {
        if request.path.ends_with("/messages") {
            let mut accepted: Accepted = serde_json::from_slice(&response.body).unwrap();
            accepted.number += 1;
            response.body = serde_json::to_vec(&accepted).unwrap();
        } else if request.path.contains("/log?") && response.status == 200 {
            let mut page: LogPage = serde_json::from_slice(&response.body).unwrap();
            messages(&mut page).for_each(|entry| entry.submitter = Some(other));
            response.body = serde_json::to_vec(&page).unwrap();
        }
    });
    alice.send(&bob.handle(), "mine").await;
    alice.sync().await;
    let named = alice.handle();
    let rewritten =
        |warning: &Warning| matches!(warning, Warning::SenderRewritten { sender, .. } if *sender == named);
    assert!(alice.warnings().iter().any(rewritten), "{:?}", alice.warnings());
    assert_eq!(alice.history(&bob.handle()).await.last().unwrap().sender, named);
}

#[tokio::test]
async fn a_commit_with_a_broken_confirmation_tag() {
    let world = World::start().await;
    let (mut alice, mut bob) = world.acquainted().await;
    let conversation = alice.with(&bob.handle());
    alice.wish(Wish::RenewLeaf { conversation }).await.unwrap();
    alice.send(&bob.handle(), "under the new epoch").await;
    // A PublicMessage ends with the confirmation tag and the membership tag, 33 bytes each with their lengths.
    bob.tamper(change("/log?", |page: &mut LogPage| {
        page.entries
            .iter_mut()
            .filter(|entry| entry.kind == EntryKind::Commit)
            .for_each(|entry| flip(entry, 40));
    }));
    bob.sync().await;
    assert!(matches!(&bob.warnings()[..], [Warning::CommitRefused { .. }, ..]), "{:?}", bob.warnings());
    bob.trust();
    // Bob has told the hub, which undoes the commit; Alice's renewal and message are made anew.
    alice.sync().await;
    assert!(alice.warnings().iter().any(|warning| matches!(warning, Warning::CommitVoided { .. })));
    alice.sync().await;
    bob.sync().await;
    alice.sync().await;
    assert_eq!(alice.texts(&bob.handle()).await, bob.texts(&alice.handle()).await);
    goes_on(&mut alice, &mut bob).await;
}

#[tokio::test]
async fn a_key_package_of_somebody_else() {
    let world = World::start().await;
    let mut alice = world.login("alice").await;
    let bob = world.login("bob").await;
    let carol = world.login("carol").await;
    let of_carol: ClaimedKeyPackages = world.claim(&bob, &carol.core().account().account).await;
    alice.tamper(change("/key-packages/claim", move |claimed: &mut ClaimedKeyPackages| {
        *claimed = of_carol.clone();
    }));
    alice.send(&bob.handle(), "for bob only").await;
    assert!(
        matches!(&alice.warnings()[..], [Warning::KeysRefused { who, .. }] if *who == bob.handle()),
        "{:?}",
        alice.warnings()
    );
    let [message] = &alice.history(&bob.handle()).await[..] else { panic!("it stays") };
    assert!(matches!(message.state, MessageState::Failed(_)), "nothing went to carol: {message:?}");
}

#[tokio::test]
async fn an_invented_device() {
    let world = World::start().await;
    let mut alice = world.login("alice").await;
    let bob = world.login("bob").await;
    let (device, key_package) = forge::key_package(&bob.core().account().account, alice.time());
    alice.tamper(change("/key-packages/claim", move |claimed: &mut ClaimedKeyPackages| {
        let key_package = Base64Url(key_package.clone());
        claimed.key_packages.push(ClaimedKeyPackage { device, key_package });
    }));
    alice.send(&bob.handle(), "for bob's real device only").await;
    assert!(
        matches!(&alice.warnings()[..], [Warning::KeysRefused { who, .. }] if *who == bob.handle()),
        "{:?}",
        alice.warnings()
    );
}

#[tokio::test]
async fn a_key_package_under_another_account_key_than_the_pinned_one() {
    let world = World::start().await;
    let (mut alice, bob) = world.acquainted().await;
    let account = bob.core().account().account;
    let (device, key_package) = forge::key_package(&account, alice.time());
    let told = account.clone();
    // The relay says that Bob has started over, and offers its own key for him.
    alice.tamper(move |request, response| {
        if request.path == "/v1/conversations" {
            let mut body: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
            body["conversations"][0]["started_over"] = serde_json::json!([told]);
            response.body = serde_json::to_vec(&body).unwrap();
        } else if request.path.contains("/accounts/lookup") {
            let mut body: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
            body["account_key"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into();
            response.body = serde_json::to_vec(&body).unwrap();
        } else if request.path.contains("/claim") {
            let mut claimed: ClaimedKeyPackages = serde_json::from_slice(&response.body).unwrap();
            claimed.key_packages =
                vec![ClaimedKeyPackage { device, key_package: Base64Url(key_package.clone()) }];
            response.body = serde_json::to_vec(&claimed).unwrap();
        }
    });
    alice.sync().await;
    alice.send(&bob.handle(), "is that you?").await;
    assert_eq!(alice.warnings(), [Warning::AccountKeyChanged { who: bob.handle() }]);
    assert_eq!(
        alice.history(&bob.handle()).await.last().unwrap().number,
        None,
        "nothing goes to a key nobody confirmed"
    );
}

#[tokio::test]
async fn a_welcome_that_was_altered() {
    let world = World::start().await;
    let mut alice = world.login("alice").await;
    let mut bob = world.login("bob").await;
    bob.tamper(change("/v1/welcomes", |list: &mut WelcomeList| {
        for welcome in &mut list.welcomes {
            let at = welcome.bytes.0.len() - 20;
            welcome.bytes.0[at] ^= 1;
        }
    }));
    alice.send(&bob.handle(), "come in").await;
    bob.sync().await;
    assert!(matches!(&bob.warnings()[..], [Warning::WelcomeRefused { .. }, ..]), "{:?}", bob.warnings());
    bob.trust();
    // Bob has told the hub; the founding is undone and made anew, with the same key packages still usable.
    alice.sync().await;
    alice.sync().await;
    bob.sync().await;
    assert!(bob.texts(&alice.handle()).await[0].contains("come in"));
}
