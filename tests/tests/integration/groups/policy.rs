//! Who may do what: refused on the device with a reason, before anything is sent.

use infrasound_core::{Settings, event::FailureCode, input::GroupWish};
use infrasound_spec::policy::Role;

use super::stage::Stage;

#[tokio::test]
async fn a_member_may_neither_add_nor_remove_nor_give_roles() {
    let (mut stage, id) = Stage::with_group().await;
    let (bob, carol) = (stage.bob.handle(), stage.carol.handle());
    let dora = stage.world.sign_up("dora").await.handle();
    let refusals = [
        stage.bob.add(id, &[dora]).await,
        stage.bob.remove(id, &carol).await,
        stage.bob.give(id, &bob, Role::Owner).await,
        stage.bob.set(id, Settings { post: Some(Role::Owner), ..Settings::default() }).await,
    ];
    for refusal in refusals {
        assert_eq!(refusal.map_err(|failure| failure.code), Err(FailureCode::NotAllowed));
    }
    stage.settle().await;
    assert_eq!(stage.alice.names(id).await, ["alice", "bob", "carol"]);
    stage.is_calm();
}

#[tokio::test]
async fn a_moderator_removes_members_and_not_owners() {
    let (mut stage, id) = Stage::with_group().await;
    let (alice, bob, carol) = (stage.alice.handle(), stage.bob.handle(), stage.carol.handle());
    stage.alice.give(id, &bob, Role::Moderator).await.unwrap();
    stage.settle().await;
    let refusal = stage.bob.remove(id, &alice).await.unwrap_err();
    assert_eq!(refusal.code, FailureCode::NotAllowed);
    stage.bob.remove(id, &carol).await.unwrap();
    stage.settle().await;
    assert_eq!(stage.alice.names(id).await, ["alice", "bob"]);
}

#[tokio::test]
async fn who_is_banned_is_not_let_in_until_let_off() {
    let (mut stage, id) = Stage::with_group().await;
    let carol = stage.carol.handle();
    let account = stage.carol.core().account().account;
    stage
        .alice
        .change(GroupWish::Remove { conversation: id, who: vec![carol.clone()], ban: true })
        .await
        .unwrap();
    stage.settle().await;
    assert!(stage.alice.add(id, std::slice::from_ref(&carol)).await.is_err());
    stage.alice.change(GroupWish::Unban { conversation: id, who: account }).await.unwrap();
    stage.alice.add(id, &[carol]).await.unwrap();
    stage.settle().await;
    assert_eq!(stage.alice.names(id).await, ["alice", "bob", "carol"]);
}

#[tokio::test]
async fn where_only_owners_write_members_read() {
    let (mut stage, id) = Stage::with_group().await;
    stage.alice.set(id, Settings { post: Some(Role::Owner), ..Settings::default() }).await.unwrap();
    stage.settle().await;
    let message = stage.bob.say_in(id, "me, too").await;
    assert_eq!(stage.bob.outcome(&message).unwrap_err().code, FailureCode::NotAllowed);
    stage.alice.say_in(id, "an announcement").await;
    stage.settle().await;
    assert_eq!(stage.bob.said(id).await, ["an announcement"]);
    stage.is_calm();
}

#[tokio::test]
async fn in_a_closed_group_nothing_is_said_until_it_is_opened() {
    let (mut stage, id) = Stage::with_group().await;
    stage.alice.set(id, Settings { closed: Some(true), ..Settings::default() }).await.unwrap();
    stage.settle().await;
    let message = stage.bob.say_in(id, "hello?").await;
    assert_eq!(stage.bob.outcome(&message).unwrap_err().code, FailureCode::NotAllowed);
    stage.alice.set(id, Settings { closed: Some(false), ..Settings::default() }).await.unwrap();
    stage.settle().await;
    stage.bob.say_in(id, "hello").await;
    stage.settle().await;
    assert_eq!(stage.alice.said(id).await, ["hello"]);
}

#[tokio::test]
async fn ownership_is_handed_over() {
    let (mut stage, id) = Stage::with_group().await;
    let (alice, bob) = (stage.alice.handle(), stage.bob.handle());
    stage.alice.give(id, &bob, Role::Owner).await.unwrap();
    stage.settle().await;
    stage.bob.give(id, &alice, Role::Member).await.unwrap();
    stage.settle().await;
    assert_eq!(stage.alice.view(id).await.role, Some(Role::Member));
    let refusal = stage.alice.give(id, &bob, Role::Member).await.unwrap_err();
    assert_eq!(refusal.code, FailureCode::NotAllowed);
    let last = stage.bob.give(id, &bob, Role::Member).await.unwrap_err();
    assert_eq!(last.code, FailureCode::NotAllowed, "the last owner stays one");
}
