//! Members who applied one commit and came to different epochs, or say so.

use infrasound_core::warning::Warning;
use infrasound_spec::{
    account::Handle,
    api::conversations::{DifferingReport, Forked, LogPage},
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

/// Bob applies and reports, and the hub answers with these reports.
async fn answer_bob(stage: &mut Stage, reports: Vec<DifferingReport>) {
    let body = serde_json::to_vec(&Forked { reports }).unwrap();
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

fn said_to_bob(stage: &Stage, number: u64) -> Option<Vec<Handle>> {
    stage.bob.warnings().into_iter().find_map(|warning| match warning {
        Warning::Forked { number: told, who } if told == number => Some(who),
        _ => None,
    })
}

fn bob_is_in(stage: &Stage) -> bool {
    stage.bob.core().standing(stage.id).is_some()
}

#[tokio::test]
async fn two_members_who_are_in_another_group_are_named_and_the_device_goes_there() {
    let (mut stage, trudy) = with_trudy().await;
    let number = alices_commit(&mut stage).await;
    let reports = [&trudy, &stage.mallory].map(|member| member.report(stage.id, number, ELSEWHERE));
    answer_bob(&mut stage, reports.to_vec()).await;
    let who = [stage.mallory.handle.clone(), trudy.handle.clone()];
    assert_eq!(said_to_bob(&stage, number).as_deref(), Some(&who[..]));
    let joined = stage.bob.core().standing(stage.id).map(|standing| standing.joined_at);
    assert!(joined.is_none_or(|joined| joined > number), "it does not stay where it was");
    stage.goes_on().await;
    assert!(stage.bob.core().standing(stage.id).unwrap().joined_at > number, "it came back");
}

#[tokio::test]
async fn one_member_who_claims_another_group_is_named_and_nothing_else_happens() {
    let mut stage = Stage::open().await;
    let number = alices_commit(&mut stage).await;
    let report = stage.mallory.report(stage.id, number, ELSEWHERE);
    answer_bob(&mut stage, vec![report]).await;
    assert_eq!(said_to_bob(&stage, number), Some(vec![stage.mallory.handle.clone()]));
    assert!(bob_is_in(&stage));
    assert!(stage.bob.core().standing(stage.id).unwrap().joined_at < number);
    stage.goes_on().await;
}

#[tokio::test]
async fn what_no_member_has_signed_is_no_fork() {
    let (mut stage, trudy) = with_trudy().await;
    let stranger = Rogue::sign_up(&stage.world, "mike").await;
    let number = alices_commit(&mut stage).await;
    let id = stage.id;
    let in_the_name_of_trudy = DifferingReport {
        signature: stage.mallory.report(id, number, ELSEWHERE).signature,
        ..trudy.report(id, number, ELSEWHERE)
    };
    let of_another_commit = stage.mallory.report(id, number - 1, ELSEWHERE);
    answer_bob(
        &mut stage,
        vec![in_the_name_of_trudy, of_another_commit, stranger.report(id, number, ELSEWHERE)],
    )
    .await;
    assert_eq!(said_to_bob(&stage, number), None);
    assert!(stage.bob.core().standing(id).unwrap().joined_at < number);
    stage.goes_on().await;
}
