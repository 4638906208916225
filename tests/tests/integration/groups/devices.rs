//! Devices that lose their place, and accounts that start over.

use infrasound_core::message::GroupChange;

use super::stage::Stage;

#[tokio::test]
async fn an_account_that_started_over_is_let_in_again_and_everybody_sees_it() {
    let (mut stage, id) = Stage::with_group().await;
    let bob = stage.bob.handle();
    let mut new = stage.world.start_over("bob").await;
    new.sync().await;
    assert!(new.core().conversations().is_empty(), "a new key enters nothing by itself");
    stage.alice.sync().await;
    stage.alice.add(id, std::slice::from_ref(&bob)).await.unwrap_err();
    stage.alice.say(&bob, infrasound_spec::consent::ContactState::Accepted).await;
    stage.alice.add(id, std::slice::from_ref(&bob)).await.unwrap();
    stage.carol.sync().await;
    new.sync().await;
    new.accept_group(id).await;
    new.say_in(id, "it is me again").await;
    stage.carol.sync().await;
    stage.alice.sync().await;
    assert_eq!(stage.carol.said(id).await, ["it is me again"]);
    assert!(stage.carol.changes(id).await.contains(&GroupChange::Renewed(vec![bob])));
}
