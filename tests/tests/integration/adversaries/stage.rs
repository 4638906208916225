//! A group of three who keep to the rules and one who does not, at a hub that can be made to lie for the latter.

use infrasound_core::warning::Warning;
use infrasound_spec::{account::Handle, conversation::ConversationId, log::EntryKind};
use infrasound_tests::{
    device::Device,
    forge::{collusion::Collusion, rogue::Rogue},
    group::settle,
    world::World,
};

pub(super) struct Stage {
    pub(super) world: World,
    pub(super) id: ConversationId,
    pub(super) alice: Device,
    pub(super) bob: Device,
    pub(super) carol: Device,
    pub(super) mallory: Rogue,
    pub(super) hub: Collusion,
}

impl Stage {
    /// Alice's group with Bob, Carol and Mallory. The hub colludes from now on, when it is given something to show.
    pub(super) async fn open() -> Self {
        Self::open_in(World::start().await).await
    }

    pub(super) async fn open_in(world: World) -> Self {
        // What it takes to come so far is large, and not needed afterwards.
        Box::pin(Self::prepared(world)).await
    }

    async fn prepared(world: World) -> Self {
        let mallory = Rogue::sign_up(&world, "mallory").await;
        let (alice, bob) = (world.login("alice").await, world.login("bob").await);
        let carol = world.login("carol").await;
        let id = ConversationId::from_bytes([0; 32]);
        let mut stage = Self { world, id, alice, bob, carol, mallory, hub: Collusion::default() };
        let members = [stage.bob.handle(), stage.carol.handle(), stage.mallory.handle.clone()];
        stage.id = stage.alice.create_group("Herd", &members).await;
        stage.settle().await;
        stage.bob.accept_group(stage.id).await;
        stage.carol.accept_group(stage.id).await;
        stage.settle().await;
        stage.mallory.join().await;
        stage.mallory.catch_up().await;
        let hub = stage.hub.clone();
        stage.honest().into_iter().for_each(|device| device.tamper(hub.tamper()));
        stage
    }

    pub(super) fn honest(&mut self) -> [&mut Device; 3] {
        [&mut self.alice, &mut self.bob, &mut self.carol]
    }

    pub(super) async fn settle(&mut self) {
        settle(&mut self.honest()).await;
    }

    /// The hub takes a message of Mallory's, and shows something else in its place.
    pub(super) async fn show_for_a_message(&mut self, kind: EntryKind, bytes: Vec<u8>) -> u64 {
        self.mallory.catch_up().await;
        let message = self.mallory.message(b"{}");
        let number = self.mallory.submit_message(self.id, &message).await.unwrap().number;
        self.hub.show(number, kind, bytes);
        self.settle().await;
        number
    }

    /// The hub takes a commit of Mallory's that nothing is wrong with, and shows another in its place.
    pub(super) async fn show_for_a_commit(&mut self, bytes: Vec<u8>) -> u64 {
        self.show_for_a_commit_later(bytes, 0).await
    }

    pub(super) async fn show_for_a_commit_later(&mut self, bytes: Vec<u8>, later: u64) -> u64 {
        let carrier = self.mallory.renewal();
        let number = self.mallory.submit_commit(self.id, &carrier).await.unwrap().number;
        self.hub.show_later(number, EntryKind::Commit, bytes, later);
        self.settle().await;
        number
    }

    /// All three were told that this commit was refused, in whose name it was, and why; and that it was undone.
    #[track_caller]
    pub(super) fn refused_by_all(&mut self, number: u64, who: Option<&Handle>, why: &str) {
        for device in self.honest() {
            let warnings = device.warnings();
            let told = warnings.iter().any(|warning| {
                matches!(warning, Warning::CommitRefused { number: told, who: named, reason }
                    if *told == number && named.as_ref() == who && reason.contains(why))
            });
            assert!(told, "{}, of entry {number} ({why}): {warnings:?}", device.handle());
            let undone = Warning::CommitVoided { number };
            assert!(warnings.contains(&undone), "{}: {warnings:?}", device.handle());
        }
    }

    /// Whatever happened: what one of the three writes, the two others read.
    pub(super) async fn goes_on(&mut self) {
        self.settle().await;
        for (writer, text) in [(0, "does it still work?"), (1, "it does"), (2, "here as well")] {
            let id = self.id;
            self.honest()[writer].say_in(id, text).await;
            for device in self.honest() {
                device.sync().await;
                let said = device.said(id).await;
                let told = device.warnings();
                assert!(said.iter().any(|one| one == text), "{}: {said:?} {told:?}", device.handle());
            }
        }
    }
}

/// Whether somebody was told something.
pub(super) fn told(device: &Device, what: impl Fn(&Warning) -> bool) -> bool {
    device.warnings().iter().any(what)
}
