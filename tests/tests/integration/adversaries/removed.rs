//! A device that was removed.

use infrasound_core::warning::Warning;
use infrasound_spec::{
    api::{conversations::LogPage, problem::ProblemType},
    external::ExternalJoin,
    log::EntryKind,
};

use super::stage::{Stage, told};

/// Mallory is removed, has been told, and keeps everything that she had.
async fn open() -> Stage {
    let mut stage = Stage::open().await;
    let (id, mallory) = (stage.id, stage.mallory.handle.clone());
    stage.alice.remove(id, &mallory).await.unwrap();
    stage.settle().await;
    assert_eq!(stage.bob.names(id).await, ["alice", "bob", "carol"]);
    stage
}

#[tokio::test]
async fn to_read_what_comes_later_with_the_help_of_the_hub() {
    let mut stage = open().await;
    let id = stage.id;
    stage.alice.say_in(id, "without her").await;
    stage.bob.sync().await;
    let page: LogPage = stage.world.get(&stage.bob, &format!("/v1/conversations/{id}/log?after=0")).await;
    assert!(page.entries.iter().any(|entry| entry.kind == EntryKind::Message && entry.bytes.is_some()));
    let read = stage.mallory.read.len();
    stage.mallory.take(page);
    assert_eq!(stage.mallory.read.len(), read, "she has every byte, and reads none");
    assert!(stage.mallory.unread > 0);
    stage.goes_on().await;
}

#[tokio::test]
async fn to_read_with_a_client_that_keeps_to_the_rules() {
    let mut stage = Stage::open().await;
    let id = stage.id;
    let carol = stage.carol.handle();
    stage.alice.say_in(id, "before").await;
    stage.settle().await;
    stage.alice.remove(id, &carol).await.unwrap();
    stage.alice.say_in(id, "after").await;
    stage.bob.sync().await;
    let page: LogPage = stage.world.get(&stage.bob, &format!("/v1/conversations/{id}/log?after=0")).await;
    stage.carol.tamper(move |request, response| {
        if request.path.contains("/log?") {
            response.status = 200;
            response.body = serde_json::to_vec(&page).unwrap();
        }
    });
    stage.carol.sync().await;
    stage.carol.sync().await;
    assert_eq!(stage.carol.said(id).await, ["before"]);
    assert!(stage.carol.ended(id).is_some(), "she is told that she is out");
    stage.alice.say_in(id, "two of us").await;
    stage.bob.sync().await;
    assert_eq!(stage.bob.said(id).await, ["before", "after", "two of us"]);
}

#[tokio::test]
async fn to_write() {
    let mut stage = open().await;
    let id = stage.id;
    let message = stage.mallory.message(b"{}");
    let problem = stage.mallory.submit_message(id, &message).await.unwrap_err();
    assert!(
        matches!(problem.problem_type, ProblemType::NotFound | ProblemType::WrongEpoch),
        "an honest hub does not take it: {problem:?}"
    );
    // A hub that does, in the place of something else:
    stage.bob.say_in(id, "mine").await;
    let page: LogPage = stage.world.get(&stage.bob, &format!("/v1/conversations/{id}/log?after=0")).await;
    let number = page.last;
    stage.hub.show(number, EntryKind::Message, message);
    stage.settle().await;
    for device in [&stage.alice, &stage.carol] {
        assert!(
            told(device, |warning| *warning == Warning::EntryUnreadable { number }),
            "{:?}",
            device.warnings()
        );
    }
    stage.goes_on().await;
}

#[tokio::test]
async fn to_come_back_without_permission() {
    let mut stage = open().await;
    let id = stage.id;
    let problem = stage.mallory.ask_group_info(id).await.unwrap_err();
    assert_eq!(problem.problem_type, ProblemType::NotFound);
    // The hub hands over what it takes, and puts the commit in the place of one of Bob's.
    let given = stage
        .world
        .post(
            &stage.bob,
            &format!("/v1/conversations/{id}/group-info"),
            &serde_json::json!({ "proof": null }),
        )
        .await;
    let forged = stage.mallory.external(&given, &ExternalJoin::Member);
    let problem = stage.mallory.submit_commit(id, &forged).await.unwrap_err();
    assert_eq!(problem.problem_type, ProblemType::Invalid, "an honest hub does not take it");
    let wish = infrasound_core::input::Wish::RenewLeaf { conversation: id };
    stage.bob.wish(wish).await.unwrap();
    let page: LogPage = stage.world.get(&stage.bob, &format!("/v1/conversations/{id}/log?after=0")).await;
    let number = page.entries.iter().rfind(|entry| entry.kind == EntryKind::Commit).unwrap().number;
    stage.hub.show(number, EntryKind::Commit, forged.commit.0);
    stage.settle().await;
    for device in [&stage.alice, &stage.carol] {
        let refused = |warning: &Warning| {
            matches!(warning, Warning::CommitRefused { number: told, who: None, reason }
                if *told == number && reason.contains("is not a member"))
        };
        assert!(told(device, refused), "{:?}", device.warnings());
    }
    assert_eq!(stage.alice.names(id).await, ["alice", "bob", "carol"]);
    stage.goes_on().await;
}
