//! Invitations: silent until accepted.

use infrasound_core::{
    conversation::summary::Ended,
    input::{GroupWish, Wish},
};
use infrasound_spec::consent::ContactState;
use infrasound_tests::group::settle;

use super::stage::Stage;

#[tokio::test]
async fn an_invitation_is_a_request_until_it_is_answered() {
    let mut stage = Stage::open().await;
    let (bob, carol) = (stage.bob.handle(), stage.carol.handle());
    let id = stage.alice.create_group("Herd", &[bob, carol]).await;
    stage.alice.say_in(id, "welcome").await;
    stage.settle().await;
    let summary = stage.bob.core().conversations().remove(0);
    assert!(summary.request);
    assert_eq!(stage.bob.said(id).await, ["welcome"], "an invited device reads");
    let early = GroupWish::Send {
        conversation: id,
        text: "too soon".to_owned(),
        in_reply_to: None,
        attachments: Vec::new(),
    };
    assert!(stage.bob.wish(Wish::Group(early)).await.is_err());
    stage.bob.accept_group(id).await;
    stage.bob.say_in(id, "thank you").await;
    stage.settle().await;
    assert_eq!(stage.alice.said(id).await, ["welcome", "thank you"]);
    stage.is_calm();
}

#[tokio::test]
async fn whom_one_has_accepted_may_invite_without_asking() {
    let mut stage = Stage::open().await;
    let (alice, bob) = (stage.alice.handle(), stage.bob.handle());
    stage.bob.say(&alice, ContactState::Accepted).await;
    let id = stage.alice.create_group("Herd", &[bob]).await;
    stage.settle().await;
    stage.bob.say_in(id, "at once").await;
    stage.settle().await;
    assert_eq!(stage.alice.said(id).await, ["at once"]);
}

#[tokio::test]
async fn to_decline_is_to_leave() {
    let mut stage = Stage::open().await;
    let (bob, carol) = (stage.bob.handle(), stage.carol.handle());
    let id = stage.alice.create_group("Herd", &[bob, carol]).await;
    stage.settle().await;
    stage.carol.accept_group(id).await;
    stage.settle().await;
    stage.bob.leave(id).await.unwrap();
    assert_eq!(stage.bob.ended(id), Some(Ended::Left));
    stage.alice.sync().await;
    stage.alice.say_in(id, "two of us").await;
    stage.settle().await;
    assert_eq!(stage.carol.names(id).await, ["alice", "carol"]);
}

#[tokio::test]
async fn who_blocks_the_inviter_is_not_added_and_the_others_are() {
    let mut stage = Stage::open().await;
    let (alice, bob, carol) = (stage.alice.handle(), stage.bob.handle(), stage.carol.handle());
    stage.bob.say(&alice, ContactState::Blocked).await;
    let id = stage.alice.create_group("Herd", &[bob, carol]).await;
    settle(&mut [&mut stage.alice, &mut stage.carol]).await;
    assert_eq!(stage.alice.names(id).await, ["alice", "carol"]);
}
