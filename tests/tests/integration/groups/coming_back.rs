//! Devices that lost what they had of a group, or whose storage was put back: they come back by themselves.

use std::collections::BTreeSet;

use infrasound_core::{
    Settings,
    event::Answer,
    input::{GroupWish, Wish},
    journal::Scope,
    message::GroupChange,
    output::Method,
    warning::Warning,
};
use infrasound_spec::{
    api::paths, consent::ContactState, content::GroupMetadata, conversation::ConversationId,
};
use infrasound_tests::{group::settle, journal::Journal};

use super::{siblings::devices, stage::Stage};

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
