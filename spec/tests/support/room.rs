//! A group and the hub that watches it: the creator's `MlsGroup` and the hub's `PublicGroup`, side by side.

use infrasound_spec::{
    commit::{self, CommitChanges, CommitViolation, Framing},
    conversation::Conversation,
    external::ExternalJoin,
    members::Members,
    mls,
    policy::GroupPolicy,
    time::Timestamp,
};
use openmls::messages::group_info::VerifiableGroupInfo;
use openmls::{
    group::{CommitBuilder, Initial, MlsGroup, MlsGroupJoinConfig, StagedWelcome},
    prelude::{
        Extensions, GroupContext, GroupId, KeyPackage, LeafNodeIndex, LeafNodeParameters, MlsMessageBodyIn,
        MlsMessageIn, MlsMessageOut, PURE_PLAINTEXT_WIRE_FORMAT_POLICY, ProcessedMessage,
        ProcessedMessageContent, PublicGroup,
    },
};
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::OpenMlsProvider as _;
use tls_codec::DeserializeBytes as _;

use super::person::{Device, Person, now};

/// Alice founds, the hub watches.
pub(crate) struct Room {
    pub(crate) alice: Device,
    pub(crate) group: MlsGroup,
    pub(crate) hub: PublicGroup,
    hub_provider: OpenMlsRustCrypto,
}

impl Room {
    /// A direct conversation of two people, in which only the founder's device is yet.
    pub(crate) fn founded_by(alice: &Person, bob: &Person) -> Self {
        let conversation = Conversation::direct(&alice.account, &bob.account, 0).unwrap();
        let extensions = mls::group_context_extensions(&conversation, None).unwrap();
        Self::with_context(alice.device(), extensions, &conversation.group_id())
    }

    /// A direct conversation that both are in: alice's device is leaf 0, bob's leaf 1.
    pub(crate) fn of(alice: &Person, bob: &Person) -> (Self, Device) {
        let mut room = Self::founded_by(alice, bob);
        let device = bob.device();
        let commit = room.commit(|commit| commit.propose_adds([device.key_package()]));
        room.enact(&commit);
        (room, device)
    }

    /// A group of alice's device and these, with this policy, whatever it says of who may add whom.
    pub(crate) fn group(alice: &Person, others: &[&Device], policy: &GroupPolicy) -> Self {
        let conversation = Conversation::group(&alice.account, [5; 16], 0);
        let extensions = mls::group_context_extensions(&conversation, Some(policy)).unwrap();
        let mut room = Self::with_context(alice.device(), extensions, &conversation.group_id());
        if !others.is_empty() {
            let added: Vec<_> = others.iter().map(|device| device.key_package()).collect();
            let commit = room.change(&added, &[]);
            room.apply(&commit);
        }
        room
    }

    /// A commit of alice's that gives the group another policy, and does what else is asked.
    pub(crate) fn change_policy(
        &mut self,
        policy: &GroupPolicy,
        added: &[KeyPackage],
        removed: &[u32],
    ) -> MlsMessageOut {
        let (conversation, _) = commit::read_context(self.hub.group_context()).unwrap();
        let extensions = mls::group_context_extensions(&conversation, Some(policy)).unwrap();
        let removed: Vec<_> = removed.iter().map(|index| LeafNodeIndex::new(*index)).collect();
        let added = added.to_vec();
        self.commit(|commit| {
            let commit = commit.propose_group_context_extensions(extensions).unwrap();
            commit.propose_adds(added).propose_removals(removed)
        })
    }

    /// A commit by which a device joins by itself.
    pub(crate) fn join_by_itself(&self, device: &Device, aad: Vec<u8>) -> MlsMessageOut {
        let Self { alice, group, .. } = self;
        let info = group.export_group_info(alice.provider.crypto(), &alice.signer, true).unwrap();
        let leaf = LeafNodeParameters::builder()
            .with_capabilities(device.capabilities.clone())
            .with_extensions(device.leaf_extensions())
            .build();
        let (_, bundle) = MlsGroup::external_commit_builder()
            .with_aad(aad)
            .build_group(&device.provider, group_info(&info), device.credential())
            .unwrap()
            .leaf_node_parameters(leaf)
            .load_psks(device.provider.storage())
            .unwrap()
            .build(device.provider.rand(), device.provider.crypto(), &device.signer, |_| true)
            .unwrap()
            .finalize(&device.provider)
            .unwrap();
        bundle.into_commit()
    }

    /// The same, as a device of a member.
    pub(crate) fn come_back(&self, device: &Device) -> MlsMessageOut {
        self.join_by_itself(device, ExternalJoin::Member.encode())
    }

    pub(crate) fn with_context(alice: Device, extensions: Extensions<GroupContext>, group_id: &[u8]) -> Self {
        let group = MlsGroup::builder()
            .with_group_id(GroupId::from_slice(group_id))
            .with_group_context_extensions(extensions)
            .with_wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
            .ciphersuite(mls::CIPHERSUITE)
            .with_capabilities(mls::capabilities())
            .with_leaf_node_extensions(alice.leaf_extensions())
            .unwrap()
            .build(&alice.provider, &alice.signer, alice.credential())
            .unwrap();
        let hub_provider = OpenMlsRustCrypto::default();
        let info = group.export_group_info(alice.provider.crypto(), &alice.signer, false).unwrap();
        let (hub, _) = PublicGroup::from_external(
            hub_provider.crypto(),
            hub_provider.storage(),
            group.export_ratchet_tree().into(),
            group_info(&info),
            openmls::group::ProposalStore::new(),
        )
        .unwrap();
        Self { alice, group, hub, hub_provider }
    }

    /// A commit of alice's, made but not applied.
    pub(crate) fn commit<'a>(
        &'a mut self,
        what: impl FnOnce(CommitBuilder<'a, Initial>) -> CommitBuilder<'a, Initial>,
    ) -> MlsMessageOut {
        let Self { alice, group, .. } = self;
        // Without `force_self_update`, openmls leaves the path out of a commit that only adds.
        what(group.commit_builder().force_self_update(true))
            .load_psks(alice.provider.storage())
            .unwrap()
            .build(alice.provider.rand(), alice.provider.crypto(), &alice.signer, |_| true)
            .unwrap()
            .stage_commit(&alice.provider)
            .unwrap()
            .into_commit()
    }

    /// A commit that adds devices and removes leaves.
    pub(crate) fn change(&mut self, added: &[KeyPackage], removed: &[u32]) -> MlsMessageOut {
        let removed: Vec<_> = removed.iter().map(|index| LeafNodeIndex::new(*index)).collect();
        self.commit(|commit| commit.propose_adds(added.to_vec()).propose_removals(removed))
    }

    /// A commit whose new leaf carries what `device` says of itself.
    pub(crate) fn commit_with_leaf_of(&mut self, device: &Device) -> MlsMessageOut {
        let leaf = LeafNodeParameters::builder().with_extensions(device.leaf_extensions()).build();
        self.commit(|commit| commit.leaf_node_parameters(leaf))
    }

    /// What the hub makes of a commit, at the present time.
    pub(crate) fn judge(&self, message: &MlsMessageOut) -> Result<CommitChanges, CommitViolation> {
        self.judge_at(message, now())
    }

    /// What the hub makes of a commit at a time.
    pub(crate) fn judge_at(
        &self,
        message: &MlsMessageOut,
        at: Timestamp,
    ) -> Result<CommitChanges, CommitViolation> {
        let processed = self.process(message);
        let (sender, aad) = (processed.sender().clone(), processed.aad().to_vec());
        let ProcessedMessageContent::StagedCommitMessage(staged) = processed.into_content() else {
            panic!("not a commit")
        };
        let members = Members::of(&self.hub).unwrap();
        commit::check(&self.hub, &members, Framing { sender: &sender, aad: &aad }, &staged, at)
    }

    /// Alice and the hub apply a commit of alice's that the rules allow.
    pub(crate) fn enact(&mut self, message: &MlsMessageOut) {
        let before = Members::of(&self.hub).unwrap();
        let changes = self.judge(message).unwrap();
        self.apply(message);
        let after = Members::of(&self.hub).unwrap();
        assert_eq!(
            before.after(&self.hub, &changes),
            Ok(after),
            "who the leaves are, without verifying anew"
        );
    }

    /// The same, whether or not the rules allow it.
    pub(crate) fn apply(&mut self, message: &MlsMessageOut) {
        let ProcessedMessageContent::StagedCommitMessage(staged) = self.process(message).into_content()
        else {
            panic!("not a commit")
        };
        self.hub.merge_commit(self.hub_provider.storage(), *staged).unwrap();
        self.group.merge_pending_commit(&self.alice.provider).unwrap();
    }

    /// Puts a proposal into the hub's and alice's stores.
    pub(crate) fn propose(&mut self, message: &MlsMessageOut) {
        let ProcessedMessageContent::ProposalMessage(proposal) = self.process(message).into_content() else {
            panic!("not a proposal")
        };
        self.hub.add_proposal(self.hub_provider.storage(), (*proposal).clone()).unwrap();
        self.group.store_pending_proposal(self.alice.provider.storage(), *proposal).unwrap();
    }

    fn process(&self, message: &MlsMessageOut) -> ProcessedMessage {
        let message = received(message).try_into_protocol_message().unwrap();
        self.hub.process_message(self.hub_provider.crypto(), message).unwrap()
    }
}

/// Joins with a Welcome and the tree, as a client does.
pub(crate) fn join(device: &Device, welcome: &MlsMessageOut, room: &Room) -> MlsGroup {
    let MlsMessageBodyIn::Welcome(welcome) = received(welcome).extract() else { panic!("not a Welcome") };
    let config = MlsGroupJoinConfig::builder()
        .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
        .use_ratchet_tree_extension(false)
        .build();
    StagedWelcome::new_from_welcome(
        &device.provider,
        &config,
        welcome,
        Some(room.hub.export_ratchet_tree().into()),
    )
    .unwrap()
    .into_group(&device.provider)
    .unwrap()
}

/// A message as it comes out of the network.
pub(crate) fn received(message: &MlsMessageOut) -> MlsMessageIn {
    MlsMessageIn::tls_deserialize_exact_bytes(&message.to_bytes().unwrap()).unwrap()
}

pub(crate) fn group_info(message: &MlsMessageOut) -> VerifiableGroupInfo {
    let MlsMessageBodyIn::GroupInfo(info) = received(message).extract() else { panic!("not a GroupInfo") };
    info
}
