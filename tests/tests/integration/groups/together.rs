//! A group is made, talked in, and called something.

use infrasound_core::{
    input::{GroupWish, Wish},
    message::GroupChange,
};
use infrasound_spec::{content::GroupMetadata, policy::Role};

use super::stage::Stage;

#[tokio::test]
async fn three_people_talk_in_a_group() {
    let (mut stage, id) = Stage::with_group().await;
    assert_eq!(stage.bob.called(id).as_deref(), Some("Herd"));
    stage.alice.say_in(id, "one").await;
    stage.bob.sync().await;
    stage.bob.say_in(id, "two").await;
    stage.carol.sync().await;
    stage.carol.say_in(id, "three").await;
    stage.settle().await;
    for device in [&mut stage.alice, &mut stage.bob, &mut stage.carol] {
        assert_eq!(device.said(id).await, ["one", "two", "three"]);
        assert_eq!(device.names(id).await, ["alice", "bob", "carol"]);
    }
    stage.is_calm();
}

#[tokio::test]
async fn a_group_may_begin_with_its_maker_alone() {
    let mut stage = Stage::open().await;
    let id = stage.alice.create_group("Alone", &[]).await;
    assert_eq!(stage.alice.names(id).await, ["alice"]);
    let bob = stage.bob.handle();
    stage.alice.add(id, &[bob]).await.unwrap();
    stage.settle().await;
    stage.bob.accept_group(id).await;
    stage.bob.say_in(id, "here").await;
    stage.settle().await;
    assert_eq!(stage.alice.said(id).await, ["here"]);
    stage.is_calm();
}

#[tokio::test]
async fn the_history_says_who_did_what() {
    let (mut stage, id) = Stage::with_group().await;
    let (bob, carol) = (stage.bob.handle(), stage.carol.handle());
    stage.alice.give(id, &bob, Role::Moderator).await.unwrap();
    stage.settle().await;
    stage.bob.remove(id, &carol).await.unwrap();
    stage.settle().await;
    let expected = [
        GroupChange::Began,
        GroupChange::Added(vec![bob.clone(), carol.clone()]),
        GroupChange::Role(bob.clone(), Role::Moderator),
        GroupChange::Removed(vec![carol.clone()]),
    ];
    assert_eq!(stage.alice.changes(id).await, expected);
    assert_eq!(stage.bob.changes(id).await[1..], expected[2..]);
    assert_eq!(stage.carol.changes(id).await.last(), expected.last());
}

#[tokio::test]
async fn a_new_picture_reaches_everybody() {
    let (mut stage, id) = Stage::with_group().await;
    let picture = stage.alice.seal("herd.png", &vec![7; 70_000]);
    let metadata =
        GroupMetadata { name: "Herd".to_owned(), picture: Some(picture.clone()), ..GroupMetadata::default() };
    stage.alice.wish(Wish::Group(GroupWish::Describe { conversation: id, metadata })).await.unwrap();
    stage.settle().await;
    let shown = stage.bob.view(id).await.summary.group().unwrap().metadata.clone();
    assert_eq!(shown.unwrap().picture, Some(picture.clone()));
    assert_eq!(stage.bob.fetch(&picture).await.unwrap(), vec![7; 70_000]);
    stage.is_calm();
}

#[tokio::test]
async fn a_new_name_reaches_everybody_and_newcomers() {
    let (mut stage, id) = Stage::with_group().await;
    let metadata =
        GroupMetadata { name: "Matriarchs".to_owned(), summary: "of the plain".to_owned(), picture: None };
    let wish = GroupWish::Describe { conversation: id, metadata: metadata.clone() };
    stage.alice.wish(Wish::Group(wish)).await.unwrap();
    stage.settle().await;
    assert_eq!(stage.bob.called(id).as_deref(), Some("Matriarchs"));
    assert!(stage.bob.changes(id).await.contains(&GroupChange::Described(metadata)));
    let mut dora = stage.world.sign_up("dora").await;
    let handle = dora.handle();
    stage.alice.add(id, &[handle]).await.unwrap();
    stage.settle().await;
    dora.sync().await;
    assert_eq!(dora.called(id).as_deref(), Some("Matriarchs"));
}

#[tokio::test]
async fn who_is_removed_reads_nothing_later() {
    let (mut stage, id) = Stage::with_group().await;
    let carol = stage.carol.handle();
    stage.alice.say_in(id, "before").await;
    stage.settle().await;
    stage.alice.remove(id, &carol).await.unwrap();
    stage.alice.say_in(id, "after").await;
    stage.settle().await;
    assert_eq!(stage.carol.said(id).await, ["before"]);
    assert_eq!(stage.bob.said(id).await, ["before", "after"]);
    assert!(stage.carol.ended(id).is_some());
    let refused = GroupWish::Send {
        conversation: id,
        text: "still here".to_owned(),
        in_reply_to: None,
        attachments: Vec::new(),
    };
    assert!(stage.carol.wish(Wish::Group(refused)).await.is_err());
}

#[tokio::test]
async fn commits_at_the_same_time_all_happen() {
    let (mut stage, id) = Stage::with_group().await;
    let (bob, carol) = (stage.bob.handle(), stage.carol.handle());
    stage.alice.give(id, &bob, Role::Owner).await.unwrap();
    stage.alice.give(id, &carol, Role::Owner).await.unwrap();
    stage.settle().await;
    let mut newcomers = Vec::new();
    for name in ["dora", "erin", "frank"] {
        newcomers.push(stage.world.sign_up(name).await.handle());
    }
    let [dora, erin, frank] = newcomers.try_into().unwrap();
    let (one, two, three) = tokio::join!(
        stage.alice.change(GroupWish::Add { conversation: id, who: vec![dora] }),
        stage.bob.change(GroupWish::Add { conversation: id, who: vec![erin] }),
        stage.carol.change(GroupWish::Add { conversation: id, who: vec![frank] }),
    );
    assert_eq!((one, two, three), (Ok(()), Ok(()), Ok(())));
    stage.settle().await;
    let everybody = ["alice", "bob", "carol", "dora", "erin", "frank"];
    assert_eq!(stage.alice.names(id).await, everybody);
    assert_eq!(stage.bob.names(id).await, everybody);
    stage.is_calm();
}
