//! Invitations: silent until accepted.

use std::sync::{Arc, Mutex};

use infrasound_core::{
    conversation::summary::Ended,
    input::{GroupWish, Wish},
    output::HttpRequest,
};
use infrasound_spec::{
    api::{paths, stream::StreamEvent},
    consent::ContactState,
};
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
async fn what_the_relay_says_from_before_an_answer_does_not_undo_it() {
    let mut stage = Stage::open().await;
    let bob = stage.bob.handle();
    let id = stage.alice.create_group("Herd", &[bob]).await;
    stage.settle().await;
    // The relay reads its heads, then takes the answer, then its heads arrive.
    let before: Arc<Mutex<Option<Vec<u8>>>> = Arc::default();
    let is_heads = |request: &HttpRequest| request.path == paths::CONVERSATIONS;
    let heads = before.clone();
    stage.bob.tamper(move |request, response| {
        if is_heads(request) {
            response.body.clone_from(heads.lock().unwrap().get_or_insert_with(|| response.body.clone()));
        }
    });
    stage.bob.sync().await;
    assert!(stage.bob.core().conversations()[0].request);
    stage.bob.begin(Wish::Group(GroupWish::Answer { conversation: id, state: ContactState::Accepted }));
    stage.bob.nudge(&serde_json::to_string(&StreamEvent::Conversations).unwrap());
    stage.bob.drive().await;
    assert!(before.lock().unwrap().is_some());
    stage.bob.trust();
    assert!(!stage.bob.core().conversations()[0].request);
    stage.bob.say_in(id, "thank you").await;
    stage.settle().await;
    assert_eq!(stage.alice.said(id).await, ["thank you"]);
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
