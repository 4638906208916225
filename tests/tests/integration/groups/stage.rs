//! People who know each other, and a group that they are in.

use infrasound_spec::{account::Handle, conversation::ConversationId};
use infrasound_tests::{device::Device, group::settle, world::World};

/// Alice, Bob and Carol, each with one device.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) alice: Device,
    pub(super) bob: Device,
    pub(super) carol: Device,
}

impl Stage {
    pub(super) async fn open() -> Self {
        let world = World::start().await;
        let (alice, bob, carol) =
            (world.login("alice").await, world.login("bob").await, world.login("carol").await);
        Self { world, alice, bob, carol }
    }

    /// A group of Alice's with Bob and Carol, who have accepted.
    pub(super) async fn with_group() -> (Self, ConversationId) {
        let mut stage = Self::open().await;
        let id = stage.found(&[]).await;
        (stage, id)
    }

    /// Alice founds a group with Bob, Carol and others; Bob and Carol accept.
    pub(super) async fn found(&mut self, others: &[Handle]) -> ConversationId {
        let mut members = vec![self.bob.handle(), self.carol.handle()];
        members.extend_from_slice(others);
        let id = self.alice.create_group("Herd", &members).await;
        self.settle().await;
        self.bob.accept_group(id).await;
        self.carol.accept_group(id).await;
        self.settle().await;
        id
    }

    pub(super) async fn settle(&mut self) {
        settle(&mut [&mut self.alice, &mut self.bob, &mut self.carol]).await;
    }

    /// That nobody was warned of anything.
    #[track_caller]
    pub(super) fn is_calm(&self) {
        for (name, device) in [("alice", &self.alice), ("bob", &self.bob), ("carol", &self.carol)] {
            assert_eq!(device.warnings(), vec![], "{name} was warned");
        }
    }
}
