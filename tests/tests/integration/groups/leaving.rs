//! Leaving: at once for who leaves, and by a commit of somebody else.

use infrasound_core::{
    conversation::summary::Ended, event::FailureCode, input::GroupWish, message::GroupChange,
};
use infrasound_spec::{consent::ContactState, policy::Role};

use super::stage::Stage;

#[tokio::test]
async fn who_leaves_is_gone_and_the_next_who_writes_says_so() {
    let (mut stage, id) = Stage::with_group().await;
    let carol = stage.carol.handle();
    stage.carol.leave(id).await.unwrap();
    assert_eq!(stage.carol.ended(id), Some(Ended::Left));
    stage.alice.sync().await;
    stage.alice.say_in(id, "she went").await;
    stage.settle().await;
    assert_eq!(stage.bob.names(id).await, ["alice", "bob"]);
    assert_eq!(stage.bob.said(id).await, ["she went"]);
    assert_eq!(stage.carol.said(id).await, Vec::<String>::new());
    assert!(stage.bob.changes(id).await.contains(&GroupChange::Left(vec![carol])));
    stage.is_calm();
}

#[tokio::test]
async fn two_who_leave_at_once_are_taken_out_together() {
    let (mut stage, id) = Stage::with_group().await;
    stage.bob.leave(id).await.unwrap();
    stage.carol.leave(id).await.unwrap();
    stage.alice.sync().await;
    stage.alice.say_in(id, "alone").await;
    assert_eq!(stage.alice.names(id).await, ["alice"]);
    assert_eq!(stage.alice.said(id).await, ["alone"]);
    stage.is_calm();
}

#[tokio::test]
async fn who_put_an_invitation_away_may_still_leave() {
    let mut stage = Stage::open().await;
    let (bob, carol) = (stage.bob.handle(), stage.carol.handle());
    let id = stage.alice.create_group("Herd", &[bob, carol]).await;
    stage.settle().await;
    stage.carol.accept_group(id).await;
    stage.bob.change(GroupWish::Answer { conversation: id, state: ContactState::Ignored }).await.unwrap();
    stage.settle().await;
    stage.bob.leave(id).await.unwrap();
    assert_eq!(stage.bob.ended(id), Some(Ended::Left));
    stage.alice.sync().await;
    stage.alice.say_in(id, "two of us").await;
    stage.settle().await;
    assert_eq!(stage.carol.names(id).await, ["alice", "carol"]);
}

#[tokio::test]
async fn nobody_is_waited_for_who_was_removed() {
    let mut stage = Stage::open().await;
    let bob = stage.bob.handle();
    let id = stage.alice.create_group("Herd", std::slice::from_ref(&bob)).await;
    stage.settle().await;
    stage.bob.accept_group(id).await;
    stage.settle().await;
    stage.alice.remove(id, &bob).await.unwrap();
    stage.settle().await;
    assert_eq!(stage.alice.core().unfinished(), vec![], "the removal is confirmed");
}

#[tokio::test]
async fn the_last_owner_hands_over_before_leaving() {
    let (mut stage, id) = Stage::with_group().await;
    let bob = stage.bob.handle();
    assert_eq!(stage.alice.leave(id).await.unwrap_err().code, FailureCode::NotAllowed);
    stage.alice.give(id, &bob, Role::Owner).await.unwrap();
    stage.settle().await;
    stage.alice.leave(id).await.unwrap();
    stage.bob.sync().await;
    stage.bob.say_in(id, "mine now").await;
    stage.settle().await;
    assert_eq!(stage.carol.names(id).await, ["bob", "carol"]);
    stage.is_calm();
}

#[tokio::test]
async fn who_has_left_can_be_added_again() {
    let (mut stage, id) = Stage::with_group().await;
    let carol = stage.carol.handle();
    stage.carol.leave(id).await.unwrap();
    stage.alice.sync().await;
    stage.alice.say_in(id, "come back").await;
    stage.alice.add(id, &[carol]).await.unwrap();
    stage.settle().await;
    stage.carol.accept_group(id).await;
    stage.carol.say_in(id, "back").await;
    stage.settle().await;
    assert_eq!(stage.alice.said(id).await, ["come back", "back"]);
    stage.is_calm();
}
