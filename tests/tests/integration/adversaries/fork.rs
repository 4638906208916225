//! Members who applied one commit and came to different epochs, or say so.

use infrasound_core::warning::Warning;
use infrasound_spec::{
    account::Handle,
    api::conversations::{Forked, LogPage},
    log::EntryKind,
    report::AuthenticatorHash,
};
use infrasound_tests::forge::rogue::Rogue;

use super::stage::Stage;

const ELSEWHERE: AuthenticatorHash = AuthenticatorHash::from_bytes([7; 32]);

/// A stage with a second one who keeps to no rule.
async fn with_trudy() -> (Stage, Rogue) {
    let mut stage = Stage::open().await;
    let mut trudy = Rogue::sign_up(&stage.world, "trudy").await;
    stage.alice.add(stage.id, std::slice::from_ref(&trudy.handle)).await.unwrap();
    stage.settle().await;
    trudy.join().await;
    (stage, trudy)
}

/// A commit of Alice's, which only she has applied.
async fn alices_commit(stage: &mut Stage) -> u64 {
    let dora = stage.world.sign_up("dora").await;
    stage.alice.add(stage.id, &[dora.handle()]).await.unwrap();
    let log = format!("/v1/conversations/{}/log?after=0", stage.id);
    let page: LogPage = stage.world.get(&stage.alice, &log).await;
    page.entries.iter().rfind(|entry| entry.kind == EntryKind::Commit).unwrap().number
}

/// Bob applies and reports, and the hub answers with another's report.
async fn answer_bob(stage: &mut Stage, forked: &Forked) {
    let body = serde_json::to_vec(forked).unwrap();
    stage.bob.tamper(move |request, response| {
        if request.path.ends_with("/reports") {
            assert_eq!(response.status, 204, "an honest hub knows of nothing that differs");
            (response.status, response.body) = (200, body.clone());
        }
    });
    stage.bob.sync().await;
    stage.bob.advance(1_000).await;
    stage.bob.trust();
}

fn said_to_bob(stage: &Stage, number: u64) -> Option<Handle> {
    stage.bob.warnings().into_iter().find_map(|warning| match warning {
        Warning::Forked { number: told, who } if told == number => Some(who),
        _ => None,
    })
}

/// Bob is where he was, and all three go on together.
async fn goes_on(stage: &mut Stage, number: u64) {
    assert!(stage.bob.core().standing(stage.id).unwrap().joined_at < number);
    stage.goes_on().await;
}

#[tokio::test]
async fn a_member_who_is_in_another_group_or_says_so_is_named() {
    let mut stage = Stage::open().await;
    let number = alices_commit(&mut stage).await;
    let report = stage.mallory.report(stage.id, number, ELSEWHERE);
    answer_bob(&mut stage, &report).await;
    assert_eq!(said_to_bob(&stage, number), Some(stage.mallory.handle.clone()));
    goes_on(&mut stage, number).await;
}

#[tokio::test]
async fn a_report_in_somebody_elses_name_is_no_fork() {
    let (mut stage, trudy) = with_trudy().await;
    let number = alices_commit(&mut stage).await;
    let signature = stage.mallory.report(stage.id, number, ELSEWHERE).signature;
    let forged = Forked { signature, ..trudy.report(stage.id, number, ELSEWHERE) };
    answer_bob(&mut stage, &forged).await;
    assert_eq!(said_to_bob(&stage, number), None);
    goes_on(&mut stage, number).await;
}

#[tokio::test]
async fn a_report_on_another_commit_is_no_fork() {
    let mut stage = Stage::open().await;
    let number = alices_commit(&mut stage).await;
    let report = stage.mallory.report(stage.id, number - 1, ELSEWHERE);
    answer_bob(&mut stage, &report).await;
    assert_eq!(said_to_bob(&stage, number), None);
    goes_on(&mut stage, number).await;
}

#[tokio::test]
async fn the_report_of_a_stranger_is_no_fork() {
    let mut stage = Stage::open().await;
    let stranger = Rogue::sign_up(&stage.world, "mike").await;
    let number = alices_commit(&mut stage).await;
    let report = stranger.report(stage.id, number, ELSEWHERE);
    answer_bob(&mut stage, &report).await;
    assert_eq!(said_to_bob(&stage, number), None);
    goes_on(&mut stage, number).await;
}
