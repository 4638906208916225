//! Links: coming in while everybody is offline, asking to be let in, and links that are good no longer.

use infrasound_core::{
    Settings,
    event::Answer,
    input::{GroupWish, Wish},
    message::GroupChange,
};
use infrasound_spec::policy::JoinMode;

use super::stage::Stage;

fn join(mode: JoinMode) -> Settings {
    Settings { join: Some(mode), ..Settings::default() }
}

#[tokio::test]
async fn who_has_a_link_comes_in_while_everybody_is_offline() {
    let (mut stage, id) = Stage::with_group().await;
    stage.alice.set(id, join(JoinMode::Open)).await.unwrap();
    let link = stage.alice.make_link(id, 0).await;
    let mut dora = stage.world.sign_up("dora").await;
    dora.join_by(&link).await;
    dora.say_in(id, "hello, herd").await;
    assert_eq!(dora.names(id).await, ["alice", "bob", "carol", "dora"]);
    stage.settle().await;
    dora.sync().await;
    assert_eq!(stage.bob.said(id).await, ["hello, herd"]);
    assert!(stage.bob.changes(id).await.contains(&GroupChange::Joined));
    assert_eq!(dora.called(id).as_deref(), Some("Herd"));
    stage.is_calm();
    assert_eq!(dora.warnings(), vec![]);
}

#[tokio::test]
async fn who_has_left_comes_in_again_by_a_link() {
    let (mut stage, id) = Stage::with_group().await;
    stage.alice.set(id, join(JoinMode::Open)).await.unwrap();
    let link = stage.alice.make_link(id, 0).await;
    stage.settle().await;
    stage.carol.leave(id).await.unwrap();
    stage.alice.sync().await;
    stage.alice.say_in(id, "she went").await;
    stage.settle().await;
    stage.carol.join_by(&link).await;
    stage.carol.say_in(id, "and came back").await;
    stage.settle().await;
    assert_eq!(stage.alice.names(id).await, ["alice", "bob", "carol"]);
    assert_eq!(stage.bob.said(id).await.last().map(String::as_str), Some("and came back"));
}

#[tokio::test]
async fn a_link_is_good_for_as_many_as_it_says() {
    let (mut stage, id) = Stage::with_group().await;
    stage.alice.set(id, join(JoinMode::Open)).await.unwrap();
    let link = stage.alice.make_link(id, 1).await;
    let (mut dora, mut erin) = (stage.world.sign_up("dora").await, stage.world.sign_up("erin").await);
    dora.join_by(&link).await;
    erin.join_by(&link).await;
    assert_eq!(dora.ended(id), None);
    assert!(erin.ended(id).is_some(), "the link was used up");
}

#[tokio::test]
async fn a_revoked_link_lets_nobody_in() {
    let (mut stage, id) = Stage::with_group().await;
    stage.alice.set(id, join(JoinMode::Open)).await.unwrap();
    let link = stage.alice.make_link(id, 0).await;
    stage.alice.change(GroupWish::RevokeLink { conversation: id, link: link.key() }).await.unwrap();
    let mut dora = stage.world.sign_up("dora").await;
    dora.join_by(&link).await;
    assert!(dora.ended(id).is_some());
    assert_eq!(stage.alice.names(id).await, ["alice", "bob", "carol"]);
}

#[tokio::test]
async fn a_removal_takes_the_links_along() {
    let (mut stage, id) = Stage::with_group().await;
    stage.alice.set(id, join(JoinMode::Open)).await.unwrap();
    let link = stage.alice.make_link(id, 0).await;
    let carol = stage.carol.handle();
    stage.alice.remove(id, &carol).await.unwrap();
    stage.settle().await;
    assert!(stage.alice.view(id).await.links.is_empty());
    stage.carol.join_by(&link).await;
    assert_eq!(stage.alice.names(id).await, ["alice", "bob"]);
}

#[tokio::test]
async fn where_somebody_has_to_say_yes_one_asks() {
    let (mut stage, id) = Stage::with_group().await;
    stage.alice.set(id, join(JoinMode::Approval)).await.unwrap();
    let link = stage.alice.make_link(id, 0).await;
    let mut dora = stage.world.sign_up("dora").await;
    dora.join_by(&link).await;
    stage.alice.sync().await;
    let asked = stage.alice.wish(Wish::Group(GroupWish::Requests { conversation: id })).await.unwrap();
    let Answer::JoinRequests(requests) = asked else { panic!("{asked:?}") };
    assert_eq!(requests.iter().map(|request| &request.who.handle).collect::<Vec<_>>(), [&dora.handle()]);
    let handle = dora.handle();
    stage.alice.add(id, &[handle]).await.unwrap();
    dora.sync().await;
    dora.say_in(id, "thank you").await;
    stage.settle().await;
    assert_eq!(stage.bob.said(id).await, ["thank you"]);
    stage.is_calm();
}
