//! A hub that lies to a group.

use infrasound_core::{
    conversation::summary::Ended,
    event::{Answer, Event},
    input::{GroupWish, HttpResponse, Wish},
    output::HttpRequest,
    warning::Warning,
};
use infrasound_spec::{
    account::AccountUri,
    api::{
        conversations::{LogPage, Participant, PendingWelcome, TreeBytes, WelcomeId, WelcomeList},
        groups::{ClaimedMany, GroupInfoGiven},
        paths,
        problem::{Problem, ProblemType},
    },
    bytes::Base64Url,
    conversation::ConversationKind,
    external::ExternalJoin,
    log::{self, EntryKind},
};
use infrasound_tests::{
    device::Device,
    forge::{
        self,
        rogue::{Plan, Rogue},
    },
    group::settle,
};

use super::stage::{Stage, told};

/// Changes pages of the log.
fn pages(
    change: impl Fn(&mut LogPage) + Send + 'static,
) -> impl FnMut(&HttpRequest, &mut HttpResponse) + Send + 'static {
    move |request, response| {
        if request.path.contains("/log?") && response.status == 200 {
            let mut page: LogPage = serde_json::from_slice(&response.body).unwrap();
            change(&mut page);
            response.body = serde_json::to_vec(&page).unwrap();
        }
    }
}

fn differs(warning: &Warning) -> bool {
    matches!(warning, Warning::HistoriesDiffer { .. })
}

#[tokio::test]
async fn to_reorder_messages_for_one_member() {
    let mut stage = Stage::open().await;
    let id = stage.id;
    stage.alice.say_in(id, "first").await;
    stage.alice.say_in(id, "second").await;
    stage.bob.tamper(pages(|page| {
        let [.., one, other] = page.entries.as_mut_slice() else { return };
        std::mem::swap(one, other);
        std::mem::swap(&mut one.number, &mut other.number);
    }));
    stage.bob.sync().await;
    stage.bob.trust();
    stage.carol.sync().await;
    stage.carol.say_in(id, "I saw them in order").await;
    stage.bob.sync().await;
    assert!(told(&stage.bob, differs), "{:?}", stage.bob.warnings());
    stage.goes_on().await;
}

#[tokio::test]
async fn to_drop_a_message_for_one_member() {
    let mut stage = Stage::open().await;
    let id = stage.id;
    stage.alice.say_in(id, "this one is dropped").await;
    stage.alice.say_in(id, "this one is not").await;
    stage.bob.tamper(pages(|page| {
        if let [.., dropped, _] = page.entries.as_slice() {
            let number = dropped.number;
            page.entries.retain(|entry| entry.number != number);
            for entry in page.entries.iter_mut().filter(|entry| entry.number > number) {
                entry.number -= 1;
            }
            page.last -= 1;
        }
    }));
    stage.bob.sync().await;
    let alice = stage.alice.handle();
    let differs =
        |warning: &Warning| matches!(warning, Warning::HistoriesDiffer { sender, .. } if *sender == alice);
    assert!(told(&stage.bob, differs), "{:?}", stage.bob.warnings());
    stage.bob.trust();
    stage.goes_on().await;
}

#[tokio::test]
async fn to_repeat_a_message() {
    let mut stage = Stage::open().await;
    let id = stage.id;
    stage.bob.tamper(pages(|page| {
        let Some(mut again) = page.entries.last().filter(|entry| entry.kind == EntryKind::Message).cloned()
        else {
            return;
        };
        again.number = page.last + 1;
        page.last += 1;
        page.entries.push(again);
    }));
    stage.alice.say_in(id, "only once").await;
    stage.bob.sync().await;
    stage.bob.trust();
    let again = |warning: &Warning| matches!(warning, Warning::EntryReplayed { .. });
    assert!(told(&stage.bob, again), "{:?}", stage.bob.warnings());
    assert_eq!(stage.bob.said(id).await, ["only once"]);
    stage.goes_on().await;
}

#[tokio::test]
async fn to_withhold_an_entry_from_one_member() {
    let mut stage = Stage::open().await;
    let id = stage.id;
    stage.alice.say_in(id, "withheld").await;
    stage.alice.say_in(id, "given").await;
    stage.bob.tamper(pages(|page| {
        page.entries.clear();
    }));
    stage.bob.sync().await;
    assert!(stage.bob.said(id).await.is_empty());
    stage.bob.tamper(pages(|page| {
        if page.entries.len() > 1 {
            page.entries.remove(0);
        }
    }));
    stage.bob.sync().await;
    let gap = |warning: &Warning| matches!(warning, Warning::LogGap { .. });
    assert!(told(&stage.bob, gap), "{:?}", stage.bob.warnings());
    stage.bob.trust();
    stage.goes_on().await;
    assert_eq!(stage.bob.said(id).await[..2], ["withheld", "given"], "nothing is lost");
}

#[tokio::test]
async fn to_show_different_logs_to_different_members() {
    let mut stage = Stage::open().await;
    let id = stage.id;
    stage.bob.tamper(pages(|page| {
        for entry in page.entries.iter_mut().filter(|entry| entry.kind == EntryKind::Message) {
            let mut bytes = entry.bytes.clone().unwrap().0;
            let at = bytes.len() - 9;
            bytes[at] ^= 1;
            entry.digest = log::digest(&bytes);
            entry.bytes = Some(Base64Url(bytes));
        }
    }));
    stage.alice.say_in(id, "not for Bob").await;
    stage.bob.sync().await;
    assert!(told(&stage.bob, |warning| matches!(warning, Warning::EntryUnreadable { .. })));
    stage.bob.trust();
    stage.carol.sync().await;
    stage.carol.say_in(id, "I have read it").await;
    stage.bob.sync().await;
    let carol = stage.carol.handle();
    let differs =
        |warning: &Warning| matches!(warning, Warning::HistoriesDiffer { sender, .. } if *sender == carol);
    assert!(told(&stage.bob, differs), "{:?}", stage.bob.warnings());
    stage.bob.say_in(id, "I could not").await;
    stage.alice.sync().await;
    let bob = stage.bob.handle();
    let differs =
        |warning: &Warning| matches!(warning, Warning::HistoriesDiffer { sender, .. } if *sender == bob);
    assert!(told(&stage.alice, differs), "the others see it as well: {:?}", stage.alice.warnings());
    stage.goes_on().await;
}

#[tokio::test]
async fn to_add_a_ghost_device_to_an_account_that_is_let_in() {
    let mut stage = Stage::open().await;
    let dora = stage.world.sign_up("dora").await;
    let handle = dora.handle();
    let (_, key_package) = forge::key_package(&dora.core().account().account, stage.alice.time());
    stage.alice.tamper(move |request, response| {
        if request.path.contains("/claim-many") && response.status == 200 {
            let mut claimed: ClaimedMany = serde_json::from_slice(&response.body).unwrap();
            for of in &mut claimed.claimed {
                of.key_packages.push(Base64Url(key_package.clone()));
            }
            response.body = serde_json::to_vec(&claimed).unwrap();
        }
    });
    let id = stage.id;
    let _ = stage.alice.add(id, std::slice::from_ref(&handle)).await;
    let refused = |warning: &Warning| matches!(warning, Warning::KeysRefused { who, .. } if *who == handle);
    assert!(told(&stage.alice, refused), "{:?}", stage.alice.warnings());
    stage.alice.trust();
    assert_eq!(stage.alice.names(id).await, ["alice", "bob", "carol", "mallory"]);
    stage.alice.add(id, &[handle]).await.unwrap();
    assert_eq!(stage.alice.names(id).await, ["alice", "bob", "carol", "dora", "mallory"]);
    stage.goes_on().await;
}

#[tokio::test]
async fn to_bring_in_a_ghost_device_of_a_member_by_itself() {
    let mut stage = Stage::open().await;
    let bob = stage.bob.core().account().account;
    let mut ghost = Rogue::sign_up(&stage.world, "ghost").await;
    let given = stage.mallory.ask_group_info(stage.id).await.unwrap();
    let forged = ghost.external_as(&bob, &given, &ExternalJoin::Member);
    let number = stage.show_for_a_commit(forged.commit.0).await;
    stage.refused_by_all(number, None, "is not a member under this key");
    stage.goes_on().await;
}

#[tokio::test]
async fn to_refuse_a_removal() {
    let mut stage = Stage::open().await;
    let id = stage.id;
    stage.alice.answer_in_its_place(|request| {
        let problem = Problem::new(ProblemType::RateLimited, "not now");
        let body = serde_json::to_vec(&problem).unwrap();
        request.path.ends_with("/commits").then_some(HttpResponse { status: 429, retry_after: None, body })
    });
    let who = vec![stage.mallory.handle.clone()];
    let wish = Wish::Group(GroupWish::Remove { conversation: id, who, ban: false });
    let Answer::Queued { message, .. } = stage.alice.wish(wish).await.unwrap() else { panic!("not queued") };
    for _ in 0..10 {
        stage.alice.advance(600_000).await;
    }
    let waiting = stage.alice.core().conversations().remove(0).waiting;
    assert_eq!(waiting.as_deref(), Some("not now"), "what keeps it from happening is said");
    let happened = |device: &Device| {
        let changed = |event: &Event| matches!(event, Event::Changed { object, .. } if *object == message);
        device.events.iter().any(changed)
    };
    assert!(!happened(&stage.alice), "nobody says that it has happened");
    assert_eq!(stage.alice.names(id).await, ["alice", "bob", "carol", "mallory"]);
    stage.alice.trust();
    stage.alice.advance(600_000).await;
    assert!(happened(&stage.alice), "it happens when the hub lets it");
    let waiting = stage.alice.core().conversations().remove(0).waiting;
    assert_eq!(waiting, None);
    stage.goes_on().await;
    assert_eq!(stage.bob.names(id).await, ["alice", "bob", "carol"]);
}

#[tokio::test]
async fn to_roll_back() {
    let mut stage = Stage::open().await;
    stage.bob.tamper(|request, response| {
        if request.path == "/v1/conversations" {
            let mut body: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
            body["conversations"][0]["last"] = 1.into();
            response.body = serde_json::to_vec(&body).unwrap();
        }
    });
    stage.bob.sync().await;
    let back = |warning: &Warning| matches!(warning, Warning::LogRolledBack { last: 1, .. });
    assert!(told(&stage.bob, back), "{:?}", stage.bob.warnings());
    stage.bob.trust();
    stage.goes_on().await;
}

#[tokio::test]
async fn to_void_a_commit_that_was_confirmed() {
    let mut stage = Stage::open().await;
    let (id, mallory) = (stage.id, stage.mallory.handle.clone());
    stage.alice.remove(id, &mallory).await.unwrap();
    stage.settle().await;
    let confirmed = stage.alice.core().standing(id).unwrap();
    assert!(confirmed.confirmed);
    let removal = last_commit(&stage).await;
    stage.bob.say_in(id, "she is gone").await;
    stage.hub.show(confirmed_end(&stage).await, EntryKind::Void, log::control_bytes(removal).to_vec());
    stage.alice.sync().await;
    stage.carol.sync().await;
    let refused = |warning: &Warning| matches!(warning, Warning::ControlRefused { .. });
    assert!(told(&stage.alice, refused), "{:?}", stage.alice.warnings());
    assert!(told(&stage.carol, refused), "{:?}", stage.carol.warnings());
    assert_eq!(stage.alice.names(id).await, ["alice", "bob", "carol"], "the removal stands");
    stage.goes_on().await;
}

/// The log as Bob gets it.
async fn log_of(stage: &Stage) -> LogPage {
    stage.world.get(&stage.bob, &format!("/v1/conversations/{}/log?after=0", stage.id)).await
}

async fn last_commit(stage: &Stage) -> u64 {
    let page = log_of(stage).await;
    page.entries.iter().rfind(|entry| entry.kind == EntryKind::Commit).unwrap().number
}

async fn confirmed_end(stage: &Stage) -> u64 {
    log_of(stage).await.last
}

#[tokio::test]
async fn to_serve_a_stale_tree_with_a_welcome() {
    let mut stage = Stage::open().await;
    let id = stage.id;
    let before: GroupInfoGiven = stage.mallory.ask_group_info(id).await.unwrap();
    let mut dora = stage.world.sign_up("dora").await;
    dora.tamper(move |request, response| {
        if request.path.contains("/trees/") && response.status == 200 {
            let tree = TreeBytes { tree: before.tree.clone() };
            response.body = serde_json::to_vec(&tree).unwrap();
        }
    });
    let handle = dora.handle();
    stage.alice.add(id, &[handle]).await.unwrap();
    dora.sync().await;
    let alice = stage.alice.handle();
    let refused = |warning: &Warning| matches!(warning, Warning::WelcomeRefused { who, .. } if *who == alice);
    assert!(told(&dora, refused), "{:?}", dora.warnings());
    stage.goes_on().await;
    // Once the hub is honest, she comes in by herself, when she wants to.
    dora.trust();
    dora.accept_group(id).await;
    settle(&mut [&mut dora, &mut stage.alice, &mut stage.bob, &mut stage.carol]).await;
    dora.say_in(id, "here all the same").await;
    stage.settle().await;
    assert_eq!(stage.bob.said(id).await.last().unwrap(), "here all the same");
}

#[tokio::test]
async fn to_let_somebody_into_a_group_with_a_member_whom_nobody_has_endorsed() {
    let mut stage = Stage::open().await;
    let id = stage.id;
    let mut dora = stage.world.sign_up("dora").await;
    let elsewhere = "https://elsewhere.example/users/ghost".parse::<AccountUri>().unwrap();
    let ghost = forge::unendorsed_key_package(&elsewhere, stage.alice.time());
    let added = vec![ghost, stage.mallory.claim(&dora.core().account().account).await];
    let (bundle, tree_hash, tree) = stage.mallory.go_apart(Plan { added, ..Plan::default() });
    let mallory =
        Participant { account: stage.mallory.account.clone(), handle: stage.mallory.handle.clone() };
    let welcome = PendingWelcome {
        welcome: WelcomeId::from_bytes([7; 16]),
        conversation: id,
        number: 1_000,
        bytes: bundle.welcome.unwrap(),
        tree: tree_hash,
        kind: ConversationKind::Group,
        inviter: mallory.clone(),
        participants: Vec::new(),
    };
    dora.tamper(move |request, response| {
        let told = if request.path == paths::WELCOMES {
            serde_json::to_vec(&WelcomeList { welcomes: vec![welcome.clone()] })
        } else if request.path.contains("/trees/") {
            serde_json::to_vec(&tree)
        } else {
            return;
        };
        response.status = 200;
        response.body = told.unwrap();
    });
    dora.sync().await;
    let refused =
        |warning: &Warning| matches!(warning, Warning::WelcomeRefused { who, .. } if *who == mallory.handle);
    assert!(told(&dora, refused), "{:?}", dora.warnings());
    assert!(dora.core().standing(id).is_none(), "she is in no such group");

    // Once the hub is honest, she is let in as anybody is.
    dora.trust();
    stage.alice.add(id, &[dora.handle()]).await.unwrap();
    dora.sync().await;
    dora.accept_group(id).await;
    settle(&mut [&mut dora, &mut stage.alice, &mut stage.bob, &mut stage.carol]).await;
    dora.say_in(id, "here all the same").await;
    stage.goes_on().await;
    assert!(stage.bob.said(id).await.contains(&"here all the same".to_owned()));
}

#[tokio::test]
async fn to_show_the_welcome_of_before_a_removal_once_more() {
    let mut stage = Stage::open().await;
    let id = stage.id;
    let mut dora = stage.world.sign_up("dora").await;
    let handle = dora.handle();
    stage.alice.add(id, std::slice::from_ref(&handle)).await.unwrap();
    let old: WelcomeList = stage.world.get(&dora, paths::WELCOMES).await;
    settle(&mut [&mut dora, &mut stage.alice, &mut stage.bob, &mut stage.carol]).await;
    stage.alice.remove(id, &handle).await.unwrap();
    settle(&mut [&mut dora, &mut stage.alice, &mut stage.bob, &mut stage.carol]).await;
    dora.tamper(move |request, response| {
        if request.path == paths::WELCOMES {
            response.body = serde_json::to_vec(&old).unwrap();
        }
    });
    dora.sync().await;
    assert_eq!(dora.ended(id), Some(Ended::Removed), "it is no invitation");
    assert_eq!(dora.warnings(), []);

    dora.trust();
    stage.alice.add(id, &[handle]).await.unwrap();
    dora.sync().await;
    dora.accept_group(id).await;
    dora.say_in(id, "back").await;
    stage.settle().await;
    assert_eq!(stage.bob.said(id).await.last().unwrap(), "back");
}

#[tokio::test]
async fn to_serve_an_old_welcome() {
    let mut stage = Stage::open().await;
    let id = stage.id;
    let mut dora = stage.world.sign_up("dora").await;
    let (handle, alice) = (dora.handle(), stage.alice.handle());
    stage.alice.add(id, std::slice::from_ref(&handle)).await.unwrap();
    let old: WelcomeList = stage.world.get(&dora, "/v1/welcomes").await;
    settle(&mut [&mut dora, &mut stage.alice, &mut stage.bob, &mut stage.carol]).await;
    stage.alice.remove(id, &handle).await.unwrap();
    settle(&mut [&mut dora, &mut stage.alice, &mut stage.bob, &mut stage.carol]).await;
    assert!(dora.ended(id).is_some());
    dora.tamper(move |request, response| {
        if request.path == "/v1/welcomes" && response.status == 200 {
            let mut list: WelcomeList = serde_json::from_slice(&response.body).unwrap();
            for welcome in &mut list.welcomes {
                welcome.bytes = old.welcomes[0].bytes.clone();
                welcome.tree = old.welcomes[0].tree;
            }
            response.body = serde_json::to_vec(&list).unwrap();
        }
    });
    stage.alice.add(id, &[handle]).await.unwrap();
    dora.sync().await;
    let refused = |warning: &Warning| matches!(warning, Warning::WelcomeRefused { who, .. } if *who == alice);
    assert!(told(&dora, refused), "{:?}", dora.warnings());
    stage.goes_on().await;
}
