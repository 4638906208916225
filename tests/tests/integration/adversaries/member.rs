//! A member, alone or with a hub that colludes.

use infrasound_core::{
    Settings,
    input::{GroupWish, Wish},
    warning::Warning,
};
use infrasound_spec::{
    api::{groups::GroupInfoGiven, problem::ProblemType},
    content::{Act, Activity, Note, ObjectId, html_from_text},
    external::ExternalJoin,
    limits,
    log::EntryKind,
    policy::{JoinMode, Role},
    time::DAY,
};
use infrasound_tests::{
    forge::rogue::{Plan, Rogue},
    group::settle,
    world::World,
};

use super::stage::{Stage, told};

fn note(text: &str) -> Activity {
    let note = Note {
        id: ObjectId::from_random([7; 16]),
        html: html_from_text(text),
        in_reply_to: None,
        attachments: Vec::new(),
    };
    Activity { id: ObjectId::from_random([8; 16]), act: Act::Create(note) }
}

#[tokio::test]
async fn a_commit_that_the_policy_forbids() {
    let mut stage = Stage::open().await;
    let dora = stage.world.sign_up("dora").await;
    let (bob, own) = (stage.bob.core().account().account, stage.mallory.account.clone());
    let mut owner = stage.mallory.policy();
    owner.roles.insert(own, Role::Owner);
    let mut open = stage.mallory.policy();
    open.join = JoinMode::Open;
    let added = stage.mallory.claim(&dora.core().account().account).await;
    let removed = stage.mallory.leaf_of(&bob);
    let attempts = [
        (Plan { removed: vec![removed], ..Plan::default() }, "may not remove"),
        (Plan { added: vec![added], ..Plan::default() }, "may not add"),
        (Plan { policy: Some(owner), ..Plan::default() }, "only an owner"),
        (Plan { policy: Some(open), ..Plan::default() }, "only an owner"),
    ];
    let mallory = stage.mallory.handle.clone();
    for (plan, why) in attempts {
        stage.mallory.catch_up().await;
        let forged = stage.mallory.commit(plan);
        let problem = stage.mallory.submit_commit(stage.id, &forged).await.unwrap_err();
        assert_eq!(problem.problem_type, ProblemType::Invalid, "an honest hub does not take it");
        let number = stage.show_for_a_commit(forged.commit.0).await;
        stage.refused_by_all(number, Some(&mallory), why);
    }
    assert_eq!(stage.alice.names(stage.id).await, ["alice", "bob", "carol", "mallory"]);
    stage.goes_on().await;
}

#[tokio::test]
async fn a_commit_with_a_flipped_confirmation_tag() {
    let mut stage = Stage::open().await;
    let mut forged = stage.mallory.renewal();
    stage.mallory.flip_confirmation(&mut forged);
    // No hub can check that.
    let number = stage.mallory.submit_commit(stage.id, &forged).await.unwrap().number;
    stage.settle().await;
    let mallory = stage.mallory.handle.clone();
    stage.refused_by_all(number, Some(&mallory), "");
    stage.goes_on().await;
}

#[tokio::test]
async fn a_commit_whose_path_one_member_cannot_decrypt() {
    let mut stage = Stage::open().await;
    let key = stage.mallory.key_of(&stage.carol.core().account().account);
    let forged = stage.mallory.commit(Plan { left_out: Some(key), ..Plan::default() });
    let number = stage.mallory.submit_commit(stage.id, &forged).await.unwrap().number;
    let mallory = stage.mallory.handle.clone();
    stage.settle().await;
    let refused = |warning: &Warning| {
        matches!(warning, Warning::CommitRefused { number: told, who: Some(who), .. }
            if *told == number && *who == mallory)
    };
    assert!(told(&stage.carol, refused), "{:?}", stage.carol.warnings());
    for device in [&stage.alice, &stage.bob] {
        assert_eq!(device.warnings(), vec![], "who could apply it has nothing to be told");
    }
    let undone = |warning: &Warning| matches!(warning, Warning::CommitVoided { .. });
    assert!(!told(&stage.carol, undone), "the others could apply it, so it stands");
    let back = stage.carol.core().standing(stage.id).unwrap();
    assert!(back.joined_at > number && back.confirmed, "Carol came back by herself: {back:?}");
    stage.goes_on().await;
}

#[tokio::test]
async fn a_proposal_for_somebody_else_or_of_another_type() {
    let mut stage = Stage::open().await;
    let bob = stage.bob.core().account().account;
    let leaf = stage.mallory.leaf_of(&bob);
    let removal = stage.mallory.propose_removal(leaf);
    let update = stage.mallory.propose_update();
    let mut for_bob = stage.mallory.propose_leaving();
    // Version, wire format, group id, epoch; then the sender: its type, and the number of its leaf.
    let sender = 2 + 2 + (1 + 36) + 8 + 1;
    assert_eq!(for_bob[sender + 3], u8::try_from(stage.mallory.group().own_leaf_index().u32()).unwrap());
    for_bob[sender + 3] = u8::try_from(leaf.u32()).unwrap();
    let (mallory, of_bob) = (stage.mallory.handle.clone(), stage.bob.handle());
    for (proposal, who) in [(removal, &mallory), (update, &mallory), (for_bob, &of_bob)] {
        stage.mallory.submit_proposal(stage.id, &proposal).await.unwrap_err();
        let number = stage.show_for_a_message(EntryKind::Proposal, proposal).await;
        for device in stage.honest() {
            let refused = |warning: &Warning| {
                matches!(warning, Warning::ProposalRefused { number: told, who: Some(named), .. }
                    if *told == number && named == who)
            };
            assert!(told(device, refused), "{}: {:?}", device.handle(), device.warnings());
        }
    }
    assert_eq!(stage.alice.names(stage.id).await, ["alice", "bob", "carol", "mallory"]);
    stage.goes_on().await;
}

#[tokio::test]
async fn a_replayed_message_and_a_replayed_commit() {
    let mut stage = Stage::open().await;
    let message = stage.mallory.message(&note("only once").encode());
    stage.mallory.submit_message(stage.id, &message).await.unwrap();
    stage.settle().await;
    let number = stage.show_for_a_message(EntryKind::Message, message).await;
    for device in stage.honest() {
        assert!(
            told(device, |warning| *warning == Warning::EntryReplayed { number }),
            "{:?}",
            device.warnings()
        );
    }
    let id = stage.id;
    assert_eq!(stage.bob.said(id).await, ["only once"]);

    stage.alice.wish(Wish::RenewLeaf { conversation: id }).await.unwrap();
    stage.settle().await;
    let commit = stage.mallory.entry(id, EntryKind::Commit).await;
    stage.mallory.catch_up().await;
    let number = stage.show_for_a_commit(commit).await;
    let alice = stage.alice.handle();
    stage.refused_by_all(number, Some(&alice), "epoch");
    stage.goes_on().await;
}

#[tokio::test]
async fn a_message_of_an_old_epoch() {
    let mut stage = Stage::open().await;
    let old = stage.mallory.message(&note("from the past").encode());
    let conversation = stage.id;
    stage.alice.wish(Wish::RenewLeaf { conversation }).await.unwrap();
    stage.settle().await;
    let problem = stage.mallory.submit_message(conversation, &old).await.unwrap_err();
    assert_eq!(problem.problem_type, ProblemType::WrongEpoch, "an honest hub does not take it");
    let number = stage.show_for_a_message(EntryKind::Message, old).await;
    for device in stage.honest() {
        assert!(
            told(device, |warning| *warning == Warning::EntryUnreadable { number }),
            "{:?}",
            device.warnings()
        );
        assert!(device.said(conversation).await.is_empty());
    }
    stage.goes_on().await;
}

#[tokio::test]
async fn a_message_that_says_inside_that_it_is_anothers() {
    let mut stage = Stage::open().await;
    let bob = stage.bob.core().account().account;
    let mut content: serde_json::Value = serde_json::from_slice(&note("I, Bob, resign").encode()).unwrap();
    content["actor"] = bob.as_str().into();
    content["object"]["attributedTo"] = bob.as_str().into();
    let message = stage.mallory.message(&serde_json::to_vec(&content).unwrap());
    stage.mallory.submit_message(stage.id, &message).await.unwrap();
    stage.settle().await;
    let (id, mallory) = (stage.id, stage.mallory.handle.clone());
    for device in stage.honest() {
        let last = device.all(id).await.pop().unwrap();
        assert_eq!(last.sender, mallory, "the leaf says whose it is");
    }
    stage.goes_on().await;
}

#[tokio::test]
async fn an_endorsement_for_another_account() {
    let mut stage = Stage::open().await;
    let (bob, mallory) = (stage.bob.core().account().account, stage.mallory.handle.clone());
    for credential in [true, false] {
        stage.mallory.catch_up().await;
        let leaf = Some(stage.mallory.leaf_for(&bob, credential));
        let forged = stage.mallory.commit(Plan { leaf, ..Plan::default() });
        let problem = stage.mallory.submit_commit(stage.id, &forged).await.unwrap_err();
        assert_eq!(problem.problem_type, ProblemType::Invalid, "an honest hub does not take it");
        let number = stage.show_for_a_commit(forged.commit.0).await;
        let why = if credential { "not the committer's" } else { "not endorsed" };
        stage.refused_by_all(number, Some(&mallory), why);
    }
    stage.goes_on().await;
}

#[tokio::test]
async fn a_tree_larger_than_any_group_has() {
    let mut stage = Stage::open().await;
    let given = stage.mallory.ask_group_info(stage.id).await.unwrap();
    let tree = limits::MAX_GROUP_TREE + 1;
    let problem = stage.mallory.found_with_tree(&given, tree).await.unwrap_err();
    assert_eq!(problem.problem_type, ProblemType::TooLarge);
    stage.goes_on().await;
}

#[tokio::test]
async fn a_thousand_proposals() {
    let mut stage = Stage::open().await;
    let leaving = stage.mallory.propose_leaving();
    stage.mallory.submit_proposal(stage.id, &leaving).await.unwrap();
    for _ in 0..1_000 {
        let again = stage.mallory.propose_leaving();
        stage.mallory.submit_proposal(stage.id, &again).await.unwrap_err();
    }
    stage.goes_on().await;
    assert_eq!(stage.bob.names(stage.id).await, ["alice", "bob", "carol"]);
    for device in stage.honest() {
        assert_eq!(device.warnings(), vec![]);
    }
}

#[tokio::test]
async fn to_come_in_without_permission() {
    let mut stage = Stage::open().await;
    let mut oscar = Rogue::sign_up(&stage.world, "oscar").await;
    let problem = oscar.ask_group_info(stage.id).await.unwrap_err();
    assert_eq!(problem.problem_type, ProblemType::NotFound);
    // Mallory hands over what it takes.
    let given = stage.mallory.ask_group_info(stage.id).await.unwrap();
    let forged = oscar.external(&given, &ExternalJoin::Member);
    oscar.submit_commit(stage.id, &forged).await.unwrap_err();
    let number = stage.show_for_a_commit(forged.commit.0).await;
    stage.refused_by_all(number, None, "is not a member");
    stage.goes_on().await;
    assert_eq!(stage.alice.names(stage.id).await, ["alice", "bob", "carol", "mallory"]);
}

#[tokio::test]
async fn to_come_in_by_a_link_that_is_revoked_expired_or_was_never_made() {
    let mut stage = Stage::open().await;
    let id = stage.id;
    stage.alice.set(id, Settings { join: Some(JoinMode::Open), ..Settings::default() }).await.unwrap();
    let revoked = stage.alice.make_link(id, 0).await;
    stage.alice.change(GroupWish::RevokeLink { conversation: id, link: revoked.key() }).await.unwrap();
    let expired = stage.alice.make_link(id, 0).await;
    stage.settle().await;
    stage.mallory.catch_up().await;
    let other = stage.bob.create_group("Elsewhere", &[]).await;
    stage.bob.set(other, Settings { join: Some(JoinMode::Open), ..Settings::default() }).await.unwrap();
    let never_made = stage.bob.make_link(other, 0).await;
    let attempts = [("oscar", revoked, 0), ("olga", expired, 3 * DAY), ("otto", never_made, 0)];
    for (name, link, later) in attempts {
        let mut oscar = Rogue::sign_up(&stage.world, name).await;
        let given: GroupInfoGiven = stage.mallory.ask_group_info(id).await.unwrap();
        let right = oscar.right_by(&link, &given);
        let forged = oscar.external(&given, &right);
        let number = stage.show_for_a_commit_later(forged.commit.0, later).await;
        stage.refused_by_all(number, None, "link is not good");
    }
    stage.goes_on().await;
    assert_eq!(stage.alice.names(id).await, ["alice", "bob", "carol", "mallory"]);
}

#[tokio::test]
async fn a_flood_of_coming_back() {
    let world = World::start_with(|config| config.rates.rejoins_per_hour = 3).await;
    let mut stage = Stage::open_in(world).await;
    let mut refused = 0;
    for _ in 0..20 {
        let given = stage.mallory.ask_group_info(stage.id).await.unwrap();
        let commit = stage.mallory.external(&given, &ExternalJoin::Member);
        match stage.mallory.submit_commit(stage.id, &commit).await {
            Ok(_) => {}
            Err(problem) => {
                assert_eq!(problem.problem_type, ProblemType::RateLimited);
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 17);
    stage.goes_on().await;
    for device in stage.honest() {
        assert_eq!(device.warnings(), vec![]);
    }
}

#[tokio::test]
async fn a_group_info_that_does_not_fit_the_group() {
    let mut stage = Stage::open().await;
    let id = stage.id;
    stage.alice.set(id, Settings { join: Some(JoinMode::Open), ..Settings::default() }).await.unwrap();
    let link = stage.alice.make_link(id, 0).await;
    let before: GroupInfoGiven = stage.mallory.ask_group_info(id).await.unwrap();
    stage.alice.wish(Wish::RenewLeaf { conversation: id }).await.unwrap();
    stage.settle().await;
    let mut dora = stage.world.sign_up("dora").await;
    dora.tamper(move |request, response| {
        if request.path.ends_with("/group-info") && response.status == 200 {
            let mut given: GroupInfoGiven = serde_json::from_slice(&response.body).unwrap();
            given.group_info = before.group_info.clone();
            response.body = serde_json::to_vec(&given).unwrap();
        }
    });
    dora.join_by(&link).await;
    assert!(told(&dora, |warning| matches!(warning, Warning::CannotEnter { .. })), "{:?}", dora.warnings());
    assert_eq!(stage.alice.names(id).await, ["alice", "bob", "carol", "mallory"]);
    dora.trust();
    dora.advance(60_000).await;
    assert_eq!(dora.ended(id), None);
    dora.say_in(id, "here at last").await;
    settle(&mut [&mut dora, &mut stage.alice, &mut stage.bob, &mut stage.carol]).await;
    assert_eq!(stage.bob.said(id).await, ["here at last"]);
    stage.goes_on().await;
}
