//! Several devices of one account: a new one comes in by itself, all show the same, and the account acts as one.

use std::collections::BTreeSet;

use infrasound_core::{
    Settings,
    conversation::summary::Ended,
    event::{Answer, Event},
    input::{GroupWish, Wish},
    journal::Scope,
    message::{Body, GroupChange},
    output::Method,
    warning::Warning,
};
use infrasound_spec::{
    account::Handle, api::paths, consent::ContactState, content::GroupMetadata, conversation::ConversationId,
};
use infrasound_tests::{
    device::Device,
    group::settle,
    journal::Journal,
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
async fn devices(device: &mut Device, id: ConversationId, who: &Handle) -> usize {
    let view = device.view(id).await;
    view.members.iter().find(|member| member.person.handle == *who).map_or(0, |member| member.devices)
}

/// How many leaves a conversation has at a device that has it open.
fn leaves(device: &Device, id: ConversationId) -> usize {
    device.core().standing(id).unwrap().members.len()
}

/// The journal of a device without what it keeps of one conversation's group: found by what a commit changes.
async fn without_group(stage: &mut Stage, id: ConversationId) -> Journal {
    let before = stage.bob.journal.clone();
    stage.carol.wish(Wish::RenewLeaf { conversation: id }).await.unwrap();
    stage.bob.sync().await;
    let mut journal = stage.bob.journal.clone();
    let scopes: BTreeSet<Scope> = journal.as_batch().put.into_iter().map(|(scope, ..)| scope).collect();
    let changed = |scope: &&Scope| **scope != Scope::ROOT && before.read(**scope) != journal.read(**scope);
    let changed: Vec<&Scope> = scopes.iter().filter(changed).collect();
    let [group] = changed[..] else { panic!("a commit that tells nothing changes the group's records only") };
    journal.lose(*group);
    journal
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
async fn a_device_that_lost_its_group_comes_back_and_shows_that_it_missed_something() {
    let (mut stage, id) = Stage::with_group().await;
    let bob = stage.bob.handle();
    stage.alice.say_in(id, "before").await;
    stage.settle().await;
    let journal = without_group(&mut stage, id).await;
    stage.alice.say_in(id, "in between").await;
    settle(&mut [&mut stage.alice, &mut stage.carol]).await;
    let mut back = stage.world.reopen("bob", journal).await;
    settle(&mut [&mut stage.alice, &mut stage.carol, &mut back]).await;
    stage.alice.say_in(id, "after").await;
    settle(&mut [&mut stage.alice, &mut stage.carol, &mut back]).await;
    assert_eq!(back.said(id).await, ["before", "after"]);
    assert!(back.changes(id).await.contains(&GroupChange::Missed));
    assert_eq!(devices(&mut stage.carol, id, &bob).await, 1, "its old leaf is gone");
    back.say_in(id, "back").await;
    settle(&mut [&mut stage.alice, &mut stage.carol, &mut back]).await;
    assert_eq!(stage.carol.said(id).await.last().unwrap(), "back");
}

#[tokio::test]
async fn a_device_whose_journal_is_from_before_it_came_back_comes_back_once_more() {
    let (mut stage, id) = Stage::with_group().await;
    let older = stage.bob.journal.clone();
    let journal = without_group(&mut stage, id).await;
    let mut back = stage.world.reopen("bob", journal).await;
    settle(&mut [&mut stage.alice, &mut stage.carol, &mut back]).await;

    let mut again = stage.world.reopen("bob", older).await;
    settle(&mut [&mut stage.alice, &mut stage.carol, &mut again]).await;
    stage.alice.say_in(id, "after").await;
    settle(&mut [&mut stage.alice, &mut stage.carol, &mut again]).await;
    assert_eq!(again.said(id).await, ["after"]);
    again.say_in(id, "here").await;
    settle(&mut [&mut stage.alice, &mut stage.carol, &mut again]).await;
    assert_eq!(stage.carol.said(id).await, ["after", "here"]);
    assert_eq!(again.warnings(), vec![]);
    stage.is_calm();
}

#[tokio::test]
async fn an_old_leaf_in_a_group_is_no_changed_key_once_the_new_one_was_accepted() {
    let (mut stage, id) = Stage::with_group().await;
    let bob = stage.bob.handle();
    stage.alice.send(&bob, "between us").await;
    stage.settle().await;
    stage.bob.say(&stage.alice.handle(), ContactState::Accepted).await;
    stage.settle().await;
    let _new = stage.world.start_over("bob").await;
    stage.alice.sync().await;
    let changed = [Warning::AccountKeyChanged { who: bob.clone() }];
    assert_eq!(stage.alice.warnings(), changed);
    stage.alice.say(&bob, ContactState::Accepted).await;

    stage.carol.wish(Wish::RenewLeaf { conversation: id }).await.unwrap();
    stage.alice.sync().await;
    assert_eq!(devices(&mut stage.alice, id, &bob).await, 1, "his old leaf is still in it");
    assert_eq!(stage.alice.warnings(), changed, "and says nothing new");
}

#[tokio::test]
async fn who_lost_that_it_has_founded_a_group_does_not_found_it_again() {
    let mut stage = Stage::open().await;
    stage.alice.tamper(|request, response| {
        if request.method == Method::Post && request.path == paths::CONVERSATIONS {
            response.status = 503;
        }
    });
    let metadata = GroupMetadata { name: "Two".to_owned(), ..GroupMetadata::default() };
    let wish = GroupWish::Create { metadata, members: vec![stage.bob.handle()] };
    let Ok(Answer::Queued { conversation: Some(id), .. }) = stage.alice.wish(Wish::Group(wish)).await else {
        panic!("a group is queued")
    };
    let mut journal = stage.alice.journal.clone();
    journal.lose(stage.alice.core().scope_of(id));

    let mut back = stage.world.reopen("alice", journal).await;
    settle(&mut [&mut back, &mut stage.bob]).await;
    stage.bob.accept_group(id).await;
    back.say_in(id, "here we are").await;
    settle(&mut [&mut back, &mut stage.bob]).await;
    assert_eq!(stage.bob.said(id).await, ["here we are"]);
    assert_eq!(back.core().unfinished().len(), 0);
    assert_eq!(back.warnings(), vec![]);
    stage.is_calm();
}

#[tokio::test]
async fn what_a_device_builds_on_when_it_comes_back_stands_though_nobody_may_speak_any_more() {
    let mut stage = Stage::open().await;
    let id = stage.alice.create_group("Two", &[stage.bob.handle()]).await;
    stage.settle().await;
    stage.bob.accept_group(id).await;
    stage.settle().await;
    let mut journal = stage.bob.journal.clone();
    journal.lose(stage.bob.core().scope_of(id));
    stage.alice.set(id, Settings { closed: Some(true), ..Settings::default() }).await.unwrap();
    assert!(!stage.alice.core().standing(id).unwrap().confirmed, "there is nobody yet who could say so");

    let mut back = stage.world.reopen("bob", journal).await;
    settle(&mut [&mut stage.alice, &mut back]).await;
    for device in [&stage.alice, &back] {
        assert!(device.core().standing(id).unwrap().confirmed);
        assert_eq!(device.core().unfinished().len(), 0);
    }
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

#[tokio::test]
async fn a_device_whose_journal_is_from_before_it_joined_comes_back_into_what_it_never_heard_of() {
    let mut stage = Stage::open().await;
    let (alice, bob) = (stage.alice.handle(), stage.bob.handle());
    let journal = stage.bob.journal.clone();
    let id = stage.found(&[]).await;
    stage.alice.send(&bob, "between us").await;
    stage.settle().await;
    stage.bob.say(&alice, ContactState::Accepted).await;
    stage.settle().await;

    let mut back = stage.world.reopen("bob", journal).await;
    settle(&mut [&mut stage.alice, &mut stage.carol, &mut back]).await;
    stage.alice.say_in(id, "in the group").await;
    stage.alice.send(&bob, "between us, again").await;
    settle(&mut [&mut stage.alice, &mut stage.carol, &mut back]).await;
    assert_eq!(back.said(id).await, ["in the group"]);
    let direct = back.with(&alice);
    assert_eq!(back.said(direct).await, ["between us, again"]);
    back.say_in(id, "back").await;
    settle(&mut [&mut stage.alice, &mut stage.carol, &mut back]).await;
    assert_eq!(stage.carol.said(id).await, ["in the group", "back"]);
    assert_eq!(devices(&mut stage.carol, id, &bob).await, 1, "its old leaf is gone");
    stage.is_calm();
}
