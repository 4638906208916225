//! Several devices of one account: a new one comes in by itself, all show the same, and the account acts as one.

use infrasound_core::{
    conversation::summary::Ended,
    event::{Answer, Event},
    input::Wish,
    message::{Body, GroupChange},
};
use infrasound_spec::{account::Handle, consent::ContactState, conversation::ConversationId};
use infrasound_tests::{
    device::Device,
    group::settle,
    linking::{How, New, bring_together, link},
};

use super::stage::Stage;

/// A second device of Bob's, linked from his first.
async fn second_of_bob(stage: &mut Stage, seed: u64) -> Device {
    let signed_in = stage.world.sign_in("bob").await;
    link(&stage.world.base, signed_in, &mut stage.bob, How::Screen, seed).await
}

/// Everybody, and Bob's second device, take in what is new.
async fn settle_with(stage: &mut Stage, second: &mut Device) {
    settle(&mut [&mut stage.alice, &mut stage.bob, &mut stage.carol, second]).await;
}

/// What is shown of a conversation: whether it is one's own, and what it says.
async fn own_and_said(device: &mut Device, id: ConversationId) -> Vec<(bool, String)> {
    let messages = device.all(id).await;
    let texts = messages.iter().filter_map(|message| match &message.body {
        Body::Html(html) => Some((message.own, html.replace("<p>", "").replace("</p>", ""))),
        _ => None,
    });
    texts.collect()
}

/// With how many devices somebody is in a group.
pub(super) async fn devices(device: &mut Device, id: ConversationId, who: &Handle) -> usize {
    let view = device.view(id).await;
    view.members.iter().find(|member| member.person.handle == *who).map_or(0, |member| member.devices)
}

/// How many leaves a conversation has at a device that has it open.
fn leaves(device: &Device, id: ConversationId) -> usize {
    device.core().standing(id).unwrap().members.len()
}

#[tokio::test]
async fn a_linked_device_enters_all_conversations_by_itself_and_reads_what_comes_from_then_on() {
    let (mut stage, id) = Stage::with_group().await;
    let (alice, bob) = (stage.alice.handle(), stage.bob.handle());
    stage.alice.say_in(id, "before").await;
    stage.alice.send(&bob, "between us, before").await;
    stage.settle().await;
    stage.bob.say(&alice, ContactState::Accepted).await;
    stage.settle().await;

    let mut second = second_of_bob(&mut stage, 200).await;
    settle_with(&mut stage, &mut second).await;
    assert_eq!(devices(&mut stage.carol, id, &bob).await, 2);
    assert_eq!(devices(&mut stage.alice, id, &bob).await, 2);
    stage.alice.say_in(id, "after").await;
    stage.alice.send(&bob, "between us, after").await;
    settle_with(&mut stage, &mut second).await;
    for device in [&mut stage.bob, &mut second] {
        assert_eq!(device.said(id).await, ["before", "after"]);
        let direct = device.with(&alice);
        assert_eq!(device.said(direct).await, ["between us, before", "between us, after"]);
        for conversation in [id, direct] {
            let changes = device.changes(conversation).await;
            assert!(!changes.contains(&GroupChange::Missed), "nothing was missed: {changes:?}");
        }
        assert_eq!(device.warnings(), vec![]);
    }
    stage.is_calm();
}

#[tokio::test]
async fn the_history_that_a_linked_device_was_handed_is_there_at_every_moment() {
    let (mut stage, _) = Stage::with_group().await;
    let bob = stage.bob.handle();
    stage.alice.send(&bob, "between us, before").await;
    stage.settle().await;
    stage.bob.say(&stage.alice.handle(), ContactState::Accepted).await;
    stage.settle().await;
    let conversation = stage.bob.with(&stage.alice.handle());
    let mut new = New::begin(&stage.world.base, stage.world.sign_in("bob").await, 220);
    bring_together(&mut new, &mut stage.bob, How::Screen).await;
    let mut second = Device::opened(&stage.world.base, new.journal, 220).unwrap();
    for _ in 0..200 {
        second.begin(Wish::Messages { conversation, before: None, limit: 10 });
        second.steps(4).await;
    }
    settle_with(&mut stage, &mut second).await;
    let answers = second.events.iter().filter_map(|event| match event {
        Event::WishDone(_, Answer::Messages(messages)) => Some(messages),
        _ => None,
    });
    let counts: Vec<usize> = answers
        .map(|messages| messages.iter().filter(|message| matches!(message.body, Body::Html(_))).count())
        .collect();
    assert!(counts.len() > 100 && counts.iter().all(|count| *count == 1), "{counts:?}");
}

#[tokio::test]
async fn what_one_device_writes_shows_as_own_on_the_other() {
    let (mut stage, id) = Stage::with_group().await;
    let alice = stage.alice.handle();
    stage.bob.send(&alice, "hello").await;
    stage.settle().await;
    stage.alice.say(&stage.bob.handle(), ContactState::Accepted).await;
    stage.settle().await;
    let mut second = second_of_bob(&mut stage, 210).await;
    settle_with(&mut stage, &mut second).await;
    let direct = stage.bob.with(&alice);

    stage.bob.say_in(id, "from the first").await;
    stage.bob.send(&alice, "also from the first").await;
    settle_with(&mut stage, &mut second).await;
    second.say_in(id, "from the second").await;
    second.send(&alice, "also from the second").await;
    settle_with(&mut stage, &mut second).await;
    stage.alice.say_in(id, "from somebody else").await;
    settle_with(&mut stage, &mut second).await;

    let in_group = [(true, "from the first"), (true, "from the second"), (false, "from somebody else")];
    let between_us = [(true, "hello"), (true, "also from the first"), (true, "also from the second")];
    for device in [&mut stage.bob, &mut second] {
        assert_eq!(own_and_said(device, id).await, in_group.map(|(own, text)| (own, text.to_owned())));
        assert_eq!(own_and_said(device, direct).await, between_us.map(|(own, text)| (own, text.to_owned())));
        assert_eq!(device.warnings(), vec![]);
    }
    assert_eq!(
        stage.alice.said(direct).await,
        ["hello", "also from the first", "also from the second"],
        "one conversation, whichever device writes"
    );
    stage.is_calm();
}

#[tokio::test]
async fn a_revoked_device_loses_its_leaves_in_every_conversation() {
    let (mut stage, id) = Stage::with_group().await;
    let (alice, bob) = (stage.alice.handle(), stage.bob.handle());
    stage.bob.send(&alice, "hello").await;
    stage.settle().await;
    stage.alice.say(&bob, ContactState::Accepted).await;
    stage.settle().await;
    let mut second = second_of_bob(&mut stage, 220).await;
    settle_with(&mut stage, &mut second).await;
    let direct = stage.bob.with(&alice);
    assert_eq!(devices(&mut stage.carol, id, &bob).await, 2);
    assert_eq!(leaves(&stage.alice, direct), 3);

    let device = second.core().device();
    stage.bob.wish(Wish::RevokeDevice { device }).await.unwrap();
    stage.settle().await;
    assert_eq!(devices(&mut stage.carol, id, &bob).await, 1);
    assert_eq!(leaves(&stage.alice, direct), 2);
    stage.alice.say_in(id, "in the group, later").await;
    stage.alice.send(&bob, "between us, later").await;
    stage.settle().await;
    second.sync().await;
    assert_eq!(stage.bob.said(id).await, ["in the group, later"]);
    assert_eq!(second.said(id).await, Vec::<String>::new());
    assert!(second.events.iter().any(|event| matches!(event, Event::SignedOut(_))));
    stage.is_calm();
}

#[tokio::test]
async fn an_account_leaves_with_all_its_devices_at_once() {
    let (mut stage, id) = Stage::with_group().await;
    let bob = stage.bob.handle();
    let mut second = second_of_bob(&mut stage, 240).await;
    settle_with(&mut stage, &mut second).await;
    second.leave(id).await.unwrap();
    stage.alice.sync().await;
    stage.alice.say_in(id, "he went").await;
    settle_with(&mut stage, &mut second).await;
    assert_eq!(stage.carol.names(id).await, ["alice", "carol"]);
    assert_eq!(stage.carol.said(id).await, ["he went"]);
    assert!(stage.carol.changes(id).await.contains(&GroupChange::Left(vec![bob])));
    for device in [&mut stage.bob, &mut second] {
        assert_eq!(device.ended(id), Some(Ended::Left));
        assert_eq!(device.said(id).await, Vec::<String>::new());
        assert_eq!(device.warnings(), vec![]);
    }
    stage.is_calm();
}

#[tokio::test]
async fn an_accounts_removal_takes_all_its_devices_in_one_commit() {
    let (mut stage, id) = Stage::with_group().await;
    let bob = stage.bob.handle();
    let mut second = second_of_bob(&mut stage, 250).await;
    settle_with(&mut stage, &mut second).await;
    let before = stage.alice.core().standing(id).unwrap().epoch;
    stage.alice.remove(id, &bob).await.unwrap();
    assert_eq!(stage.alice.core().standing(id).unwrap().epoch, before + 1);
    stage.alice.say_in(id, "without him").await;
    settle_with(&mut stage, &mut second).await;
    assert_eq!(stage.carol.names(id).await, ["alice", "carol"]);
    for device in [&mut stage.bob, &mut second] {
        assert_eq!(device.ended(id), Some(Ended::Removed));
        assert_eq!(device.said(id).await, Vec::<String>::new());
    }
    stage.is_calm();
}

#[tokio::test]
async fn a_linked_device_says_so_if_something_was_said_before_it_came_in() {
    let (mut stage, id) = Stage::with_group().await;
    let alice = stage.alice.handle();
    stage.alice.say_in(id, "before").await;
    stage.alice.send(&stage.bob.handle(), "between us").await;
    stage.settle().await;
    stage.bob.say(&alice, ContactState::Accepted).await;
    stage.settle().await;
    let mut new = New::begin(&stage.world.base, stage.world.sign_in("bob").await, 260);
    bring_together(&mut new, &mut stage.bob, How::Screen).await;
    stage.alice.say_in(id, "while it was not there").await;
    let mut second = new.open().await.unwrap();
    settle_with(&mut stage, &mut second).await;
    stage.alice.say_in(id, "after").await;
    settle_with(&mut stage, &mut second).await;
    assert_eq!(second.said(id).await, ["before", "after"]);
    assert!(second.changes(id).await.contains(&GroupChange::Missed));
    let direct = second.with(&alice);
    assert!(!second.changes(direct).await.contains(&GroupChange::Missed), "there nothing was missed");
    assert_eq!(stage.bob.said(id).await, ["before", "while it was not there", "after"]);
}
