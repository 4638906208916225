//! A member on mls-rs in a group with ours: it is added, writes, commits, sees others leave, and is removed.

use infrasound_core::{Settings, conversation::summary::Ended, input::Wish, message::GroupChange};
use infrasound_spec::{
    api::{conversations::LogPage, paths},
    conversation::ConversationId,
    log::EntryKind,
    policy::{JoinMode, Role},
};
use infrasound_tests::{
    device::Device,
    group::settle,
    linking::{How, link},
    mls_rs::{EntryError, MlsRsDevice, Trouble},
    sign_in::demo_token,
    world::World,
};

use super::notes;

/// Alice and Carol on openmls, Bob on mls-rs, in a group of Alice's.
struct Stage {
    world: World,
    alice: Device,
    carol: Device,
    bob: MlsRsDevice,
    id: ConversationId,
}

impl Stage {
    async fn open() -> Self {
        let world = World::start().await;
        let (mut alice, mut carol) = (world.login("alice").await, world.login("carol").await);
        let mut bob = MlsRsDevice::login(&world.base, &demo_token(&world.base, "bob").await).await;
        let id = alice.create_group("Herd", &[bob.handle.clone(), carol.handle()]).await;
        bob.sync().await.unwrap();
        bob.accept_group(&id).await.unwrap();
        carol.sync().await;
        carol.accept_group(id).await;
        let mut stage = Self { world, alice, carol, bob, id };
        stage.settle().await;
        stage
    }

    /// Everybody takes in what is new, until nothing is.
    async fn settle(&mut self) {
        settle(&mut [&mut self.alice, &mut self.carol]).await;
        self.bob.sync().await.unwrap();
        settle(&mut [&mut self.alice, &mut self.carol]).await;
    }

    /// Bob becomes a moderator.
    async fn promote(&mut self) {
        self.alice.give(self.id, &self.bob.handle, Role::Moderator).await.unwrap();
        self.settle().await;
    }

    /// What Bob has read, in order.
    fn read(&self) -> Vec<String> {
        notes(self.bob.group(&self.id)).into_iter().map(|(_, html)| html).collect()
    }

    /// All three are in one epoch, and read each other in it.
    async fn talk(&mut self) {
        self.alice.say_in(self.id, "from alice").await;
        self.bob.sync().await.unwrap();
        self.bob.say_in(&self.id, "<p>from bob</p>").await.unwrap();
        self.settle().await;
        self.carol.say_in(self.id, "from carol").await;
        self.settle().await;
        let all = ["from alice", "from bob", "from carol"];
        assert!(self.alice.said(self.id).await.ends_with(&all.map(str::to_owned)));
        assert!(self.carol.said(self.id).await.ends_with(&all.map(str::to_owned)));
        assert!(self.read().ends_with(&["<p>from alice</p>".to_owned(), "<p>from carol</p>".to_owned()]));
    }

    /// The newest message in the log, as Carol may read it.
    async fn newest_message(&self) -> Vec<u8> {
        let path = paths::with(paths::LOG, "conversation", &self.id.to_string());
        let log: LogPage = self.world.get(&self.carol, &format!("{path}?after=0")).await;
        let message = log.entries.into_iter().rfind(|entry| entry.kind == EntryKind::Message);
        message.unwrap().bytes.unwrap().0
    }

    /// That no core was warned of anything.
    #[track_caller]
    fn is_calm(&self) {
        assert_eq!((self.alice.warnings(), self.carol.warnings()), (vec![], vec![]));
    }
}

#[tokio::test]
async fn a_client_on_mls_rs_joins_a_group_and_all_read_each_other() {
    let mut stage = Stage::open().await;
    stage.talk().await;
    let policy = stage.bob.group(&stage.id).policy();
    assert_eq!(policy.role(&stage.alice.core().account().account), Role::Owner);
    assert_eq!(stage.alice.names(stage.id).await, ["alice", "bob", "carol"]);
    assert_eq!(stage.bob.group(&stage.id).provisional(), None);
    stage.is_calm();
}

#[tokio::test]
async fn a_client_on_mls_rs_renews_its_leaf_in_a_group_and_applies_the_others_commits() {
    let mut stage = Stage::open().await;
    let before = stage.bob.group(&stage.id).epoch();
    stage.bob.renew_leaf_in(&stage.id).await.unwrap();
    stage.settle().await;
    stage.carol.wish(Wish::RenewLeaf { conversation: stage.id }).await.unwrap();
    stage.settle().await;
    assert_eq!(stage.bob.group(&stage.id).epoch(), before + 2);
    stage.talk().await;
    stage.is_calm();
}

#[tokio::test]
async fn a_moderator_on_mls_rs_adds_an_account() {
    let mut stage = Stage::open().await;
    stage.promote().await;
    let mut dora = stage.world.sign_up("dora").await;
    stage.bob.add_to(&stage.id, &dora.handle()).await.unwrap();
    dora.sync().await;
    dora.accept_group(stage.id).await;
    stage.settle().await;
    stage.talk().await;
    dora.sync().await;
    assert_eq!(dora.said(stage.id).await, ["from alice", "from bob", "from carol"]);
    let added = GroupChange::Added(vec![dora.handle()]);
    assert!(stage.carol.changes(stage.id).await.contains(&added));
    assert_eq!(dora.warnings(), []);
    stage.is_calm();
}

#[tokio::test]
async fn a_moderator_on_mls_rs_removes_an_account_and_the_links_with_it() {
    let mut stage = Stage::open().await;
    stage.promote().await;
    let mut dora = stage.world.sign_up("dora").await;
    stage.alice.add(stage.id, &[dora.handle()]).await.unwrap();
    dora.sync().await;
    dora.accept_group(stage.id).await;
    stage.alice.make_link(stage.id, 0).await;
    stage.settle().await;
    assert_eq!(stage.bob.group(&stage.id).policy().links.len(), 1);

    stage.bob.remove_from(&stage.id, &dora.core().account().account).await.unwrap();
    stage.settle().await;
    stage.talk().await;
    dora.sync().await;
    assert_eq!(dora.ended(stage.id), Some(Ended::Removed));
    assert_eq!(dora.said(stage.id).await, Vec::<String>::new());
    assert_eq!(stage.alice.names(stage.id).await, ["alice", "bob", "carol"]);
    assert!(stage.bob.group(&stage.id).policy().links.is_empty());
    let removed = GroupChange::Removed(vec![dora.handle()]);
    assert!(stage.carol.changes(stage.id).await.contains(&removed));
    stage.is_calm();
}

#[tokio::test]
async fn an_owner_on_mls_rs_removes_a_moderator_whose_role_goes_in_the_same_commit() {
    let mut stage = Stage::open().await;
    stage.alice.give(stage.id, &stage.bob.handle, Role::Owner).await.unwrap();
    stage.alice.give(stage.id, &stage.carol.handle(), Role::Moderator).await.unwrap();
    stage.settle().await;
    let carol = stage.carol.core().account().account;
    stage.bob.remove_from(&stage.id, &carol).await.unwrap();
    stage.settle().await;
    assert_eq!(stage.bob.group(&stage.id).policy().roles.get(&carol), None);
    assert_eq!(stage.carol.ended(stage.id), Some(Ended::Removed));
    assert_eq!(stage.alice.names(stage.id).await, ["alice", "bob"]);
    stage.is_calm();
}

#[tokio::test]
async fn a_client_on_mls_rs_applies_changes_of_the_policy_and_who_comes_in_by_a_link() {
    let mut stage = Stage::open().await;
    let settings = Settings { join: Some(JoinMode::Open), ..Settings::default() };
    stage.alice.set(stage.id, settings).await.unwrap();
    let link = stage.alice.make_link(stage.id, 0).await;
    let mut dora = stage.world.sign_up("dora").await;
    dora.join_by(&link).await;
    stage.settle().await;
    dora.say_in(stage.id, "by the link").await;
    stage.settle().await;
    assert_eq!(stage.read(), ["<p>by the link</p>"]);
    stage.is_calm();
}

#[tokio::test]
async fn a_linked_device_of_ours_comes_into_a_group_with_a_client_on_mls_rs() {
    let mut stage = Stage::open().await;
    let signed_in = stage.world.sign_in("carol").await;
    let mut second = link(&stage.world.base, signed_in, &mut stage.carol, How::Screen, 300).await;
    second.sync().await;
    stage.settle().await;
    stage.bob.say_in(&stage.id, "<p>to both</p>").await.unwrap();
    second.sync().await;
    assert_eq!(second.said(stage.id).await, ["to both"]);
    second.say_in(stage.id, "from the second").await;
    stage.settle().await;
    assert_eq!(stage.read(), ["<p>from the second</p>"]);
    stage.is_calm();
}

/// mls-rs cannot read a SelfRemove, so Bob neither commits nor applies it: he is left out, and comes back by himself.
#[tokio::test]
async fn when_one_of_ours_leaves_a_client_on_mls_rs_waits_and_comes_back_by_itself() {
    let mut stage = Stage::open().await;
    let mut dora = stage.world.sign_up("dora").await;
    stage.alice.add(stage.id, &[dora.handle()]).await.unwrap();
    dora.sync().await;
    dora.accept_group(stage.id).await;
    stage.settle().await;
    dora.sync().await;
    dora.leave(stage.id).await.unwrap();
    stage.bob.sync().await.unwrap();
    let refused = stage.bob.say_in(&stage.id, "<p>not yet</p>").await;
    assert!(matches!(refused, Err(Trouble::SomebodyLeaves)), "{refused:?}");

    stage.alice.sync().await;
    stage.alice.say_in(stage.id, "she went").await;
    let refused = stage.bob.sync().await;
    assert!(matches!(refused, Err(Trouble::Entry(EntryError::Mls { .. }))), "{refused:?}");
    settle(&mut [&mut stage.alice, &mut stage.carol]).await;
    stage.bob.sync().await.unwrap();
    stage.settle().await;
    assert_eq!(stage.carol.names(stage.id).await, ["alice", "bob", "carol"]);
    assert_eq!(stage.read(), Vec::<String>::new(), "what was said in between is missed");
    stage.talk().await;
    stage.is_calm();
}

#[tokio::test]
async fn a_client_on_mls_rs_that_is_removed_reads_nothing_later() {
    let mut stage = Stage::open().await;
    stage.talk().await;
    stage.alice.say_in(stage.id, "with him").await;
    assert!(stage.bob.group(&stage.id).opens(&stage.newest_message().await));
    stage.settle().await;
    let read = stage.read();
    stage.alice.remove(stage.id, &stage.bob.handle).await.unwrap();
    stage.alice.say_in(stage.id, "without him").await;
    settle(&mut [&mut stage.alice, &mut stage.carol]).await;
    stage.bob.sync().await.unwrap();
    stage.bob.sync().await.unwrap();
    assert!(stage.bob.group(&stage.id).removed().is_some());
    assert_eq!(stage.read(), read);
    // The relay hands him nothing; if somebody did, it would not open.
    assert!(!stage.bob.group(&stage.id).opens(&stage.newest_message().await));
    let refused = stage.bob.say_in(&stage.id, "<p>still here</p>").await;
    assert!(matches!(refused, Err(Trouble::Relay(_))), "{refused:?}");
    assert_eq!(stage.carol.said(stage.id).await.last().unwrap(), "without him");
    assert_eq!(stage.carol.names(stage.id).await, ["alice", "carol"]);
    stage.is_calm();
}
