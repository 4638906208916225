//! A device's MLS group: founds, joins, commits, sends. It applies its own commit only when told to.

use infrasound_spec::{
    api::{
        conversations::{
            Accepted, CommitBundle, FoundConversation, PendingWelcome, ReportCommit, SubmitCommit,
            SubmitMessage, SubmitProposal, TreeBytes,
        },
        groups::GroupInfoGiven,
    },
    bytes::Base64Url,
    commit,
    conversation::{Conversation, ConversationId},
    external::ExternalJoin,
    key_package::{self, EndorsedKeyPackage},
    log::LogPosition,
    message::MessageAad,
    mls,
    policy::GroupPolicy,
    report::{CommitOutcome, authenticator_hash, report_content},
    signing::Purpose,
    submission::{SubmissionId, commit_content, message_content, proposal_content},
};
use openmls::{
    group::{GroupId, MlsGroup, MlsGroupCreateConfig, MlsGroupJoinConfig, StagedWelcome},
    prelude::{
        KeyPackage, LeafNodeIndex, LeafNodeParameters, MlsMessageBodyIn, MlsMessageIn, MlsMessageOut,
        OpenMlsProvider as _, ProcessedMessageContent, ProtocolMessage, RatchetTreeIn,
        SenderRatchetConfiguration,
    },
};
use tls_codec::{DeserializeBytes as _, Serialize as _};

use super::{
    Answer, Device,
    device::{now, random},
};

/// A group and the conversation that it is.
pub(crate) struct Group {
    pub(crate) id: ConversationId,
    pub(crate) mls: MlsGroup,
}

fn create_config(
    device: &Device,
    conversation: &Conversation,
    policy: Option<&GroupPolicy>,
) -> MlsGroupCreateConfig {
    MlsGroupCreateConfig::builder()
        .ciphersuite(mls::CIPHERSUITE)
        .wire_format_policy(openmls::group::MIXED_PLAINTEXT_WIRE_FORMAT_POLICY)
        .use_ratchet_tree_extension(false)
        .capabilities(mls::capabilities())
        .with_group_context_extensions(mls::group_context_extensions(conversation, policy).unwrap())
        .with_leaf_node_extensions(mls::leaf_extensions(&device.endorsement).unwrap())
        .unwrap()
        .build()
}

/// A bundle with its submission, signed.
pub(crate) struct SignedBundle {
    pub(crate) submission: SubmissionId,
    pub(crate) bundle: CommitBundle,
    pub(crate) signature: infrasound_spec::account::Signature,
}

impl Group {
    /// A group of one for the conversation with `other`, and the request that founds it.
    pub(crate) async fn prepare(
        device: &Device,
        other: &Device,
        generation: u32,
    ) -> (Self, FoundConversation) {
        let conversation = Conversation::direct(device.account(), other.account(), generation).unwrap();
        let added = claim_all(device, &[other]).await;
        Self::prepare_as(device, &conversation, None, added)
    }

    /// A group of one, and the request that founds it with these.
    pub(crate) fn prepare_as(
        device: &Device,
        conversation: &Conversation,
        policy: Option<&GroupPolicy>,
        added: Vec<KeyPackage>,
    ) -> (Self, FoundConversation) {
        let group_id = GroupId::from_slice(&conversation.group_id());
        let group = MlsGroup::new_with_group_id(
            &device.provider,
            &device.signer(),
            &create_config(device, conversation, policy),
            group_id,
            device.credential(),
        )
        .unwrap();
        let info = group.export_group_info(device.provider.crypto(), &device.signer(), false).unwrap();
        let tree = group.export_ratchet_tree().tls_serialize_detached().unwrap();
        let mut this = Self { id: conversation.id, mls: group };
        let signed = this.bundle(device, added, &[]);
        let found = FoundConversation {
            conversation: this.id,
            submission: signed.submission,
            group_info: Base64Url(info.tls_serialize_detached().unwrap()),
            tree: Base64Url(tree),
            bundle: signed.bundle,
            signature: signed.signature,
        };
        (this, found)
    }

    /// Founds a group with these, with a policy that `change` makes of the usual one.
    pub(crate) async fn of(
        device: &Device,
        others: &[&Device],
        change: impl FnOnce(&mut GroupPolicy),
    ) -> Self {
        let mut policy = GroupPolicy::new(device.account());
        change(&mut policy);
        let conversation = Conversation::group(device.account(), random(), 0);
        let added = claim_all(device, others).await;
        let (mut group, found) = Self::prepare_as(device, &conversation, Some(&policy), added);
        let _: Accepted = device.post("/v1/conversations", &found).await.ok();
        group.merge(device);
        group
    }

    /// A group that all others have joined and accepted, and whose founding is confirmed: the groups of all, the founder's
    /// first.
    pub(crate) async fn joined_by(
        device: &Device,
        others: &[&Device],
        change: impl FnOnce(&mut GroupPolicy),
    ) -> Vec<Self> {
        let mut groups = vec![Self::of(device, others, change).await];
        let id = groups[0].id;
        for other in others {
            let joined = Self::join(other).await;
            other.consent(&id, infrasound_spec::consent::ContactState::Accepted).await.done();
            joined.report(other, 1, joined.applied()).await.done();
            groups.push(joined);
        }
        assert_eq!(device.head(&id).await.provisional, None);
        groups
    }

    /// Founds the conversation with `other`.
    pub(crate) async fn found(device: &Device, other: &Device) -> Self {
        let (mut group, found) = Self::prepare(device, other, 0).await;
        let _: Accepted = device.post("/v1/conversations", &found).await.ok();
        group.merge(device);
        group
    }

    /// Joins by the device's only Welcome.
    pub(crate) async fn join(device: &Device) -> Self {
        let pending = device.welcomes().await.welcomes.pop().unwrap();
        Self::join_by(device, &pending).await
    }

    pub(crate) async fn join_by(device: &Device, pending: &PendingWelcome) -> Self {
        let path = format!("/v1/conversations/{}/trees/{}", pending.conversation, pending.tree);
        let tree: TreeBytes = device.get(&path).await.ok();
        let tree = RatchetTreeIn::tls_deserialize_exact_bytes(tree.tree.as_slice()).unwrap();
        let message = MlsMessageIn::tls_deserialize_exact_bytes(pending.bytes.as_slice()).unwrap();
        let MlsMessageBodyIn::Welcome(welcome) = message.extract() else { panic!("not a Welcome") };
        let config = MlsGroupJoinConfig::builder()
            .wire_format_policy(openmls::group::MIXED_PLAINTEXT_WIRE_FORMAT_POLICY)
            .sender_ratchet_configuration(SenderRatchetConfiguration::default())
            .build();
        let staged = StagedWelcome::new_from_welcome(&device.provider, &config, welcome, Some(tree)).unwrap();
        Self { id: pending.conversation, mls: staged.into_group(&device.provider).unwrap() }
    }

    /// Two devices in a conversation that is confirmed.
    pub(crate) async fn between(one: &Device, other: &Device) -> (Self, Self) {
        let group = Self::found(one, other).await;
        let joined = Self::join(other).await;
        other.say(one, infrasound_spec::consent::ContactState::Accepted).await;
        let number = one.head(&group.id).await.provisional.unwrap();
        joined.report(other, number, joined.applied()).await.done();
        assert_eq!(one.head(&group.id).await.provisional, None);
        (group, joined)
    }

    fn bundle(&mut self, device: &Device, added: Vec<KeyPackage>, removed: &[LeafNodeIndex]) -> SignedBundle {
        let position = LogPosition::start(&self.id, 0, 0);
        let built = self
            .mls
            .commit_builder()
            .propose_adds(added)
            .propose_removals(removed.iter().copied())
            .force_self_update(true)
            .load_psks(device.provider.storage())
            .unwrap()
            .create_group_info_with_extensions([mls::log_position_extension(&position)])
            .unwrap()
            .use_ratchet_tree_extension(false)
            .build(device.provider.rand(), device.provider.crypto(), &device.signer(), |_| true)
            .unwrap()
            .stage_commit(&device.provider)
            .unwrap();
        self.sign(device, as_bundle(built.into_messages()))
    }

    /// The submission of a commit that was built apart.
    pub(crate) fn submission_of(
        &self,
        device: &Device,
        messages: (MlsMessageOut, Option<MlsMessageOut>, Option<MlsMessageOut>),
    ) -> SubmitCommit {
        submit(self.sign(device, as_bundle(messages)), 0)
    }

    pub(crate) fn sign(&self, device: &Device, bundle: CommitBundle) -> SignedBundle {
        let submission = SubmissionId::from_bytes(random());
        let welcome = bundle.welcome.as_ref().map_or(&[][..], |welcome| welcome.as_slice());
        let content = commit_content(
            &self.id,
            &submission,
            bundle.commit.as_slice(),
            welcome,
            bundle.group_info.as_slice(),
        );
        SignedBundle { submission, signature: device.sign(Purpose::Submission, &content), bundle }
    }

    /// A commit that changes the policy, adds and removes.
    pub(crate) fn change_policy(
        &mut self,
        device: &Device,
        change: impl FnOnce(&mut GroupPolicy),
        removed: &[LeafNodeIndex],
    ) -> SubmitCommit {
        let context = self.mls.public_group().group_context();
        let (conversation, policy) = commit::read_context(context).unwrap();
        let mut policy = policy.unwrap();
        change(&mut policy);
        let extensions = mls::group_context_extensions(&conversation, Some(&policy)).unwrap();
        let position = LogPosition::start(&self.id, 0, 0);
        let built = self
            .mls
            .commit_builder()
            .propose_group_context_extensions(extensions)
            .unwrap()
            .propose_removals(removed.iter().copied())
            .force_self_update(true)
            .load_psks(device.provider.storage())
            .unwrap()
            .create_group_info_with_extensions([mls::log_position_extension(&position)])
            .unwrap()
            .build(device.provider.rand(), device.provider.crypto(), &device.signer(), |_| true)
            .unwrap()
            .stage_commit(&device.provider)
            .unwrap();
        let bundle = as_bundle(built.into_messages());
        submit(self.sign(device, bundle), 0)
    }

    /// Commits, and applies it, and has another member report it.
    pub(crate) async fn enact(&mut self, device: &Device, submit: &SubmitCommit) -> Accepted {
        let accepted = self.submit_commit(device, submit).await.ok();
        self.merge(device);
        accepted
    }

    /// A commit by which a device comes in by itself, of what the relay gives it for that.
    pub(crate) fn come_in(
        device: &Device,
        id: ConversationId,
        given: &GroupInfoGiven,
        right: &ExternalJoin,
    ) -> (Self, SubmitCommit) {
        let message = MlsMessageIn::tls_deserialize_exact_bytes(given.group_info.as_slice()).unwrap();
        let MlsMessageBodyIn::GroupInfo(info) = message.extract() else { panic!("not a GroupInfo") };
        let proposals = given.proposals.iter().map(|bytes| {
            let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes.as_slice()).unwrap();
            let MlsMessageBodyIn::PublicMessage(message) = message.extract() else { panic!("private") };
            message
        });
        let leaf = LeafNodeParameters::builder()
            .with_capabilities(mls::capabilities())
            .with_extensions(mls::leaf_extensions(&device.endorsement).unwrap())
            .build();
        let position = LogPosition::start(&id, 0, given.last);
        let config = MlsGroupJoinConfig::builder()
            .wire_format_policy(openmls::group::MIXED_PLAINTEXT_WIRE_FORMAT_POLICY)
            .build();
        let (mls, bundle) = MlsGroup::external_commit_builder()
            .with_aad(right.encode())
            .with_config(config)
            .with_proposals(proposals.collect())
            .with_ratchet_tree(RatchetTreeIn::tls_deserialize_exact_bytes(given.tree.as_slice()).unwrap())
            .build_group(&device.provider, info, device.credential())
            .unwrap()
            .leaf_node_parameters(leaf)
            .load_psks(device.provider.storage())
            .unwrap()
            .create_group_info_with_extensions([mls::log_position_extension(&position)])
            .unwrap()
            .build(device.provider.rand(), device.provider.crypto(), &device.signer(), |_| true)
            .unwrap()
            .finalize(&device.provider)
            .unwrap();
        let group = Self { id, mls };
        let bundle = as_bundle(bundle.into_messages());
        let submit = submit(group.sign(device, bundle), given.last);
        (group, submit)
    }

    /// A proposal to leave.
    pub(crate) fn leave(&mut self, device: &Device) -> SubmitProposal {
        let message = self.mls.leave_group_via_self_remove(&device.provider, &device.signer()).unwrap();
        self.sign_proposal(device, message.tls_serialize_detached().unwrap())
    }

    pub(crate) fn sign_proposal(&self, device: &Device, bytes: Vec<u8>) -> SubmitProposal {
        let submission = SubmissionId::from_bytes(random());
        let content = proposal_content(&self.id, &submission, &bytes);
        SubmitProposal {
            submission,
            after: 0,
            proposal: Base64Url(bytes),
            signature: device.sign(Purpose::Submission, &content),
        }
    }

    pub(crate) async fn submit_proposal(&self, device: &Device, submit: &SubmitProposal) -> Answer {
        device.post(&format!("/v1/conversations/{}/proposals", self.id), submit).await
    }

    /// Takes in somebody's proposal.
    pub(crate) fn note(&mut self, device: &Device, bytes: &[u8]) {
        let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes).unwrap();
        let message: ProtocolMessage = message.try_into_protocol_message().unwrap();
        let processed = self.mls.process_message(&device.provider, message).unwrap();
        let ProcessedMessageContent::ProposalMessage(proposal) = processed.into_content() else {
            panic!("not a proposal")
        };
        self.mls.store_pending_proposal(device.provider.storage(), *proposal).unwrap();
    }

    /// The leaf of a device.
    pub(crate) fn leaf_of(&self, device: &Device) -> LeafNodeIndex {
        let key = device.keys.public_key();
        let mut members = self.mls.members();
        members.find(|member| member.signature_key == key.as_bytes()).unwrap().index
    }

    /// A commit that renews the device's leaf, adds and removes.
    pub(crate) fn commit(
        &mut self,
        device: &Device,
        added: Vec<KeyPackage>,
        removed: &[LeafNodeIndex],
    ) -> SubmitCommit {
        let signed = self.bundle(device, added, removed);
        submit(signed, 0)
    }

    /// A commit that renews the device's leaf.
    pub(crate) fn update(&mut self, device: &Device) -> SubmitCommit {
        self.commit(device, Vec::new(), &[])
    }

    pub(crate) async fn submit_commit(&self, device: &Device, submit: &SubmitCommit) -> Answer {
        device.post(&format!("/v1/conversations/{}/commits", self.id), submit).await
    }

    /// The device's own commit was accepted.
    pub(crate) fn merge(&mut self, device: &Device) {
        self.mls.merge_pending_commit(&device.provider).unwrap();
    }

    /// The device's own commit was not accepted, or voided.
    pub(crate) fn discard(&mut self, device: &Device) {
        self.mls.clear_pending_commit(device.provider.storage()).unwrap();
    }

    /// Applies somebody's commit.
    pub(crate) fn apply(&mut self, device: &Device, bytes: &[u8]) {
        let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes).unwrap();
        let message: ProtocolMessage = message.try_into_protocol_message().unwrap();
        let processed = self.mls.process_message(&device.provider, message).unwrap();
        let ProcessedMessageContent::StagedCommitMessage(staged) = processed.into_content() else {
            panic!("not a commit")
        };
        self.mls.merge_staged_commit(&device.provider, *staged).unwrap();
    }

    /// An encrypted message.
    pub(crate) fn message(&mut self, device: &Device, text: &str) -> SubmitMessage {
        self.mls.set_aad(MessageAad::default().encode());
        self.message_with_aad(device, text)
    }

    /// An encrypted message with whatever authenticated data is set.
    pub(crate) fn message_with_aad(&mut self, device: &Device, text: &str) -> SubmitMessage {
        let message = self.mls.create_message(&device.provider, &device.signer(), text.as_bytes()).unwrap();
        self.sign_message(device, message.tls_serialize_detached().unwrap())
    }

    pub(crate) fn sign_message(&self, device: &Device, bytes: Vec<u8>) -> SubmitMessage {
        let submission = SubmissionId::from_bytes(random());
        let content = message_content(&self.id, &submission, &bytes);
        SubmitMessage {
            submission,
            after: 0,
            message: Base64Url(bytes),
            signature: device.sign(Purpose::Submission, &content),
            silent: false,
        }
    }

    pub(crate) async fn submit(&self, device: &Device, submit: &SubmitMessage) -> Answer {
        device.post(&format!("/v1/conversations/{}/messages", self.id), submit).await
    }

    /// As [`Self::submit`], at a relay that may stop meanwhile. `None`: no whole answer came.
    pub(crate) async fn try_submit(&self, device: &Device, submit: &SubmitMessage) -> Option<Answer> {
        device.try_post(&format!("/v1/conversations/{}/messages", self.id), submit).await
    }

    pub(crate) async fn send(&mut self, device: &Device, text: &str) -> Accepted {
        let message = self.message(device, text);
        self.submit(device, &message).await.ok()
    }

    pub(crate) fn applied(&self) -> CommitOutcome {
        CommitOutcome::Applied {
            authenticator: authenticator_hash(self.mls.epoch_authenticator().as_slice()),
        }
    }

    pub(crate) async fn report(&self, device: &Device, number: u64, outcome: CommitOutcome) -> Answer {
        let content = report_content(&self.id, number, &outcome);
        let report =
            ReportCommit { number, outcome, signature: device.sign(Purpose::CommitReport, &content) };
        device.post(&format!("/v1/conversations/{}/reports", self.id), &report).await
    }
}

fn as_bundle(
    (commit, welcome, info): (MlsMessageOut, Option<MlsMessageOut>, Option<MlsMessageOut>),
) -> CommitBundle {
    CommitBundle {
        commit: Base64Url(commit.tls_serialize_detached().unwrap()),
        welcome: welcome.map(|welcome| Base64Url(welcome.tls_serialize_detached().unwrap())),
        group_info: Base64Url(info.unwrap().tls_serialize_detached().unwrap()),
    }
}

/// A key package of each device of these accounts.
pub(crate) async fn claim_all(device: &Device, others: &[&Device]) -> Vec<KeyPackage> {
    let mut key_packages = Vec::new();
    for other in others {
        let claimed = device.claim(other.account()).await;
        let parsed = claimed.key_packages.iter().map(|one| parse(device, one.key_package.as_slice()));
        key_packages.extend(parsed.map(|parsed| parsed.key_package));
    }
    key_packages
}

/// A submission of a bundle.
pub(crate) fn submit(signed: SignedBundle, after: u64) -> SubmitCommit {
    SubmitCommit { submission: signed.submission, after, bundle: signed.bundle, signature: signed.signature }
}

/// A claimed key package, checked.
pub(crate) fn parse(device: &Device, bytes: &[u8]) -> EndorsedKeyPackage {
    key_package::parse(device.provider.crypto(), bytes, now(), 0).unwrap()
}
