//! A device that keeps to no rule: openmls with its own keys, a session at the relay, and nothing that checks.
//!
//! It joins like any other. Then it makes what a client would not make, and submits it, or has a colluding hub show it.

use base64::Engine as _;
use ed25519_dalek::{Signer as _, SigningKey};
use hkdf::Hkdf;
use infrasound_core::group_link::GroupLink;
use infrasound_spec::{
    account::{AccountKey, AccountUri, DeviceId, DeviceKey, Handle, Signature},
    api::{
        conversations::{
            Accepted, CommitBundle, Forked, FoundConversation, LogPage, PendingWelcome, SubmitCommit,
            SubmitMessage, SubmitProposal, TreeBytes, TreeHash, WelcomeList,
        },
        devices::{RegisterDevice, Session, registration_content},
        groups::GroupInfoGiven,
        key_packages::{ClaimedKeyPackages, KeyPackageCount, UploadKeyPackages},
        paths,
        problem::Problem,
        sign_in::{ExchangeToken, SignedIn},
    },
    bytes::Base64Url,
    commit,
    conversation::ConversationId,
    endorsement::{ENDORSEMENT_LIFETIME, Endorsement},
    external::{ExternalJoin, join_content},
    key_package::{self, KEY_PACKAGE_LIFETIME},
    log::{EntryKind, LogPosition},
    message::{MessageAad, MessageFrame},
    mls,
    policy::GroupPolicy,
    report::{AuthenticatorHash, CommitOutcome, report_content},
    signing::{Purpose, signing_input},
    submission::{SubmissionId, commit_content, message_content, proposal_content},
    time::{HOUR, Timestamp},
};
use openmls::{
    group::{MlsGroup, MlsGroupJoinConfig, StagedWelcome},
    prelude::{
        BasicCredential, CredentialWithKey, DeserializeBytes as _, KeyPackage, LeafNodeIndex,
        LeafNodeParameters, Lifetime, MlsMessageBodyIn, MlsMessageIn, MlsMessageOut, OpenMlsProvider as _,
        ProcessedMessageContent, ProtocolMessage, RatchetTreeIn, SignatureScheme,
    },
};
use openmls_basic_credential::SignatureKeyPair;
use openmls_rust_crypto::{OpenMlsRustCrypto, RustCrypto};
use rand_core::{OsRng, RngCore as _};
use reqwest::Method;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use sha2::Sha256;
use tls_codec::Serialize as _;

use super::spoiled::Spoiled;
use crate::{sign_in::demo_sign_up, world::World};

/// What the relay answers.
pub type Answered<T> = Result<T, Box<Problem>>;

/// What a commit is to do.
#[derive(Default)]
pub struct Plan {
    /// Whom it adds.
    pub added: Vec<KeyPackage>,
    /// Which leaves it removes.
    pub removed: Vec<LeafNodeIndex>,
    /// The policy that it sets.
    pub policy: Option<GroupPolicy>,
    /// The committer's new leaf, if it is not the one that there was.
    pub leaf: Option<LeafNodeParameters>,
    /// The device that cannot decrypt the path, if it is at its own leaf's key that the path reaches it.
    pub left_out: Option<DeviceKey>,
}

/// A device that keeps to no rule.
pub struct Rogue {
    /// Its handle.
    pub handle: Handle,
    /// Its account.
    pub account: AccountUri,
    /// Its id.
    pub device: DeviceId,
    /// What it has read, of any kind that it could read.
    pub read: Vec<Vec<u8>>,
    /// How many entries it could not read or apply.
    pub unread: usize,
    account_key: SigningKey,
    device_key: SigningKey,
    endorsement: Endorsement,
    provider: OpenMlsRustCrypto,
    group: Option<MlsGroup>,
    position: u64,
    base: String,
    http: reqwest::Client,
    token: String,
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap())
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.fill_bytes(&mut bytes);
    bytes
}

/// An endorsement of a device by an account key, whatever account it says it is for.
fn endorse(key: &SigningKey, account: &AccountUri, device: DeviceId, device_key: &DeviceKey) -> Endorsement {
    let created = now();
    let expires = created.plus_millis(ENDORSEMENT_LIFETIME);
    let content = Endorsement::signed_content(account, &device, device_key, created, expires);
    let signature = key.sign(&signing_input(Purpose::DeviceEndorsement, &content));
    Endorsement {
        account_key: AccountKey::from_bytes(key.verifying_key().to_bytes()),
        device,
        created,
        expires,
        signature: Signature::from_bytes(signature.to_bytes()),
    }
}

impl Rogue {
    /// Makes an account of the demo instance, and a device for it that can be added.
    pub async fn sign_up(world: &World, name: &str) -> Self {
        let access_token = demo_sign_up(&world.base, name).await;
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let (account_key, device_key) = (SigningKey::generate(&mut OsRng), SigningKey::generate(&mut OsRng));
        let url = format!("{}{}", world.base, paths::SIGN_IN_EXCHANGE);
        let answer = http.post(url).json(&ExchangeToken { access_token }).send().await.unwrap();
        let signed_in: SignedIn = answer.json().await.unwrap();
        let device = DeviceId::from_bytes(random());
        let public = DeviceKey::from_bytes(device_key.verifying_key().to_bytes());
        let endorsement = endorse(&account_key, &signed_in.account, device, &public);
        let mut rogue = Self {
            handle: signed_in.handle,
            account: signed_in.account,
            device,
            read: Vec::new(),
            unread: 0,
            account_key,
            device_key,
            endorsement,
            provider: OpenMlsRustCrypto::default(),
            group: None,
            position: 0,
            base: world.base.clone(),
            http,
            token: String::new(),
        };
        let content = registration_content(&signed_in.ticket, &device, &rogue.endorsement.account_key);
        let registration = RegisterDevice {
            ticket: signed_in.ticket,
            device,
            name: "rogue".to_owned(),
            device_key: public,
            account_key: rogue.endorsement.account_key,
            created: rogue.endorsement.created,
            expires: rogue.endorsement.expires,
            endorsement: rogue.endorsement.signature,
            start_over: false,
            proof: rogue.sign(Purpose::DeviceRegistration, &content),
        };
        let session: Session = rogue.post(paths::DEVICES, &registration).await.unwrap();
        rogue.token = session.token.to_string();
        rogue.offer_key_packages().await;
        rogue
    }

    async fn offer_key_packages(&self) {
        let upload = UploadKeyPackages {
            one_time: (0..3).map(|_| Base64Url(self.key_package(false))).collect(),
            last_resort: Some(Base64Url(self.key_package(true))),
        };
        self.post::<KeyPackageCount>(paths::KEY_PACKAGES, &upload).await.unwrap();
    }

    fn key_package(&self, last_resort: bool) -> Vec<u8> {
        let begin = now().minus_millis(HOUR);
        let end = begin.plus_millis(KEY_PACKAGE_LIFETIME);
        let mut builder = KeyPackage::builder()
            .key_package_lifetime(Lifetime::init(begin.as_secs(), end.as_secs()))
            .leaf_node_capabilities(mls::capabilities())
            .leaf_node_extensions(mls::leaf_extensions(&self.endorsement).unwrap());
        if last_resort {
            builder = builder.mark_as_last_resort();
        }
        let credential = self.credential(&self.account);
        let bundle = builder.build(mls::CIPHERSUITE, &self.provider, &self.signer(), credential).unwrap();
        MlsMessageOut::from(bundle.into_key_package()).tls_serialize_detached().unwrap()
    }

    /// The device's public key.
    pub fn key(&self) -> DeviceKey {
        DeviceKey::from_bytes(self.device_key.verifying_key().to_bytes())
    }

    fn sign(&self, purpose: Purpose, content: &[u8]) -> Signature {
        Signature::from_bytes(self.device_key.sign(&signing_input(purpose, content)).to_bytes())
    }

    fn signer(&self) -> SignatureKeyPair {
        let key = &self.device_key;
        SignatureKeyPair::from_raw(
            SignatureScheme::ED25519,
            key.to_bytes().to_vec(),
            key.verifying_key().to_bytes().to_vec(),
        )
    }

    fn credential(&self, account: &AccountUri) -> CredentialWithKey {
        CredentialWithKey {
            credential: BasicCredential::new(account.as_str().into()).into(),
            signature_key: self.key().as_bytes().to_vec().into(),
        }
    }

    /// A leaf of this device's that claims to be of another account: the credential, or only what is endorsed.
    pub fn leaf_for(&self, account: &AccountUri, credential: bool) -> LeafNodeParameters {
        let endorsement = endorse(&self.account_key, account, self.device, &self.key());
        let named = if credential { account } else { &self.account };
        LeafNodeParameters::builder()
            .with_credential_with_key(self.credential(named))
            .with_capabilities(mls::capabilities())
            .with_extensions(mls::leaf_extensions(&endorsement).unwrap())
            .build()
    }

    /// The group that it is in, as openmls has it.
    pub fn group(&self) -> &MlsGroup {
        self.group.as_ref().unwrap()
    }

    fn id(&self) -> ConversationId {
        commit::read_context(self.group().public_group().group_context()).unwrap().0.id
    }

    /// The policy of the group that it is in.
    pub fn policy(&self) -> GroupPolicy {
        commit::read_context(self.group().public_group().group_context()).unwrap().1.unwrap()
    }

    /// The leaf of an account's first device.
    pub fn leaf_of(&self, account: &AccountUri) -> LeafNodeIndex {
        let mut members = self.group().members();
        members.find(|one| one.credential.serialized_content() == account.as_str().as_bytes()).unwrap().index
    }

    /// The key of an account's first device, as its leaf has it.
    pub fn key_of(&self, account: &AccountUri) -> DeviceKey {
        let member = self.group().member_at(self.leaf_of(account)).unwrap();
        DeviceKey::from_slice(&member.signature_key).unwrap()
    }

    /// Joins by its only Welcome, and accepts.
    pub async fn join(&mut self) {
        let pending: PendingWelcome =
            self.get::<WelcomeList>(paths::WELCOMES).await.unwrap().welcomes.pop().unwrap();
        let path = format!("/v1/conversations/{}/trees/{}", pending.conversation, pending.tree);
        let tree: TreeBytes = self.get(&path).await.unwrap();
        let tree = RatchetTreeIn::tls_deserialize_exact_bytes(tree.tree.as_slice()).unwrap();
        let MlsMessageBodyIn::Welcome(welcome) = parse(pending.bytes.as_slice()) else {
            panic!("no Welcome")
        };
        let staged =
            StagedWelcome::new_from_welcome(&self.provider, &join_config(), welcome, Some(tree)).unwrap();
        self.group = Some(staged.into_group(&self.provider).unwrap());
        self.position = pending.number;
        let path = format!("/v1/conversations/{}/consent", pending.conversation);
        self.call(Method::PUT, &path, Some(&json!({ "state": "accepted" }))).await.unwrap();
    }

    /// Takes in what the relay gives it.
    pub async fn catch_up(&mut self) {
        let path = format!("/v1/conversations/{}/log?after={}", self.id(), self.position);
        let page: LogPage = self.get(&path).await.unwrap();
        self.take(page);
    }

    /// Takes in what somebody gives it, and keeps what it can read.
    pub fn take(&mut self, page: LogPage) {
        for entry in page.entries {
            if entry.number <= self.position {
                continue;
            }
            self.position = entry.number;
            let Some(bytes) = entry.bytes else { continue };
            let handshake =
                matches!(entry.kind, EntryKind::Commit | EntryKind::Message | EntryKind::Proposal);
            if handshake
                && entry.submitter != Some(self.device)
                && self.take_message(bytes.as_slice()).is_none()
            {
                self.unread += 1;
            }
        }
    }

    fn take_message(&mut self, bytes: &[u8]) -> Option<()> {
        let message: ProtocolMessage =
            MlsMessageIn::tls_deserialize_exact_bytes(bytes).ok()?.try_into_protocol_message().ok()?;
        let group = self.group.as_mut()?;
        match group.process_message(&self.provider, message).ok()?.into_content() {
            ProcessedMessageContent::StagedCommitMessage(staged) => {
                group.merge_staged_commit(&self.provider, *staged).ok()
            }
            ProcessedMessageContent::ProposalMessage(proposal) => {
                group.store_pending_proposal(self.provider.storage(), *proposal).ok()
            }
            ProcessedMessageContent::ApplicationMessage(content) => {
                self.read.push(content.into_bytes());
                Some(())
            }
            _ => None,
        }
    }

    /// Makes a commit and does not keep to it.
    pub fn commit(&mut self, plan: Plan) -> CommitBundle {
        let bundle = self.stage(plan);
        let group = self.group.as_mut().unwrap();
        group.clear_pending_commit(self.provider.storage()).unwrap();
        bundle
    }

    /// Makes a commit that nobody else sees, and goes on in the epoch after it, which has this tree.
    pub fn go_apart(&mut self, plan: Plan) -> (CommitBundle, TreeHash, TreeBytes) {
        let bundle = self.stage(plan);
        let group = self.group.as_mut().unwrap();
        group.merge_pending_commit(&self.provider).unwrap();
        let hash = TreeHash::from_slice(group.public_group().group_context().tree_hash()).unwrap();
        let tree = group.export_ratchet_tree().tls_serialize_detached().unwrap();
        (bundle, hash, TreeBytes { tree: Base64Url(tree) })
    }

    fn stage(&mut self, plan: Plan) -> CommitBundle {
        let left_out = plan.left_out.map(|key| {
            let mut members = self.group().members();
            members.find(|one| one.signature_key == key.as_bytes()).unwrap().encryption_key
        });
        let extensions = plan.policy.map(|policy| {
            let context = self.group().public_group().group_context();
            let (conversation, _) = commit::read_context(context).unwrap();
            mls::group_context_extensions(&conversation, Some(&policy)).unwrap()
        });
        let crypto = Spoiled { algorithms: RustCrypto::default(), left_out: left_out.into_iter().collect() };
        let signer = self.signer();
        let position = mls::log_position_extension(&LogPosition::start(&self.id(), 0, 0));
        let group = self.group.as_mut().unwrap();
        let mut builder = group
            .commit_builder()
            .propose_adds(plan.added)
            .propose_removals(plan.removed)
            .force_self_update(true);
        if let Some(extensions) = extensions {
            builder = builder.propose_group_context_extensions(extensions).unwrap();
        }
        if let Some(leaf) = plan.leaf {
            builder = builder.leaf_node_parameters(leaf);
        }
        let bundle = builder
            .load_psks(self.provider.storage())
            .unwrap()
            .create_group_info_with_extensions([position])
            .unwrap()
            .use_ratchet_tree_extension(false)
            .build(self.provider.rand(), &crypto, &signer, |_| true)
            .unwrap()
            .stage_commit(&self.provider)
            .unwrap();
        as_bundle(bundle.into_messages())
    }

    /// A commit that renews its leaf: nothing is wrong with it.
    pub fn renewal(&mut self) -> CommitBundle {
        self.commit(Plan::default())
    }

    /// Flips a bit of a commit's confirmation tag, and makes the GroupInfo fit it.
    pub fn flip_confirmation(&self, bundle: &mut CommitBundle) {
        // A PublicMessage ends with confirmation and membership tag, a GroupInfo with confirmation tag, signer and
        // signature; each has its length before it.
        let commit = &mut bundle.commit.0;
        let at = commit.len() - 40;
        commit[at] ^= 1;
        let info = &mut bundle.group_info.0;
        let signature = info.len() - 66;
        info[signature - 4 - 7] ^= 1;
        let content = &info[4..signature];
        let mut input = Vec::new();
        tls_codec::VLByteSlice(b"MLS 1.0 GroupInfoTBS").tls_serialize(&mut input).unwrap();
        tls_codec::VLByteSlice(content).tls_serialize(&mut input).unwrap();
        let signed = self.device_key.sign(&input).to_bytes();
        info[signature + 2..].copy_from_slice(&signed);
    }

    /// The right to come in that a link gives, signed with the link's key: good or not.
    pub fn right_by(&self, link: &GroupLink, given: &GroupInfoGiven) -> ExternalJoin {
        let fragment = link.to_fragment();
        let seed = fragment.split('.').nth(1).unwrap();
        let seed = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(seed).unwrap();
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(None, &seed).expand(b"Infrasound 1.0 GroupLink", &mut key).unwrap();
        let MlsMessageBodyIn::GroupInfo(info) = parse(given.group_info.as_slice()) else {
            panic!("no GroupInfo")
        };
        let (id, epoch) = (info.group_id().as_slice(), info.epoch().as_u64());
        let content = join_content(id, epoch, &self.account, &self.key());
        let input = signing_input(Purpose::GroupJoin, &content);
        let signature = SigningKey::from_bytes(&key).sign(&input).to_bytes();
        ExternalJoin::Link { link: link.key(), signature: Signature::from_bytes(signature) }
    }

    /// A commit by which this device comes in, of what somebody gave it for that.
    pub fn external(&mut self, given: &GroupInfoGiven, right: &ExternalJoin) -> CommitBundle {
        let account = self.account.clone();
        self.external_as(&account, given, right)
    }

    /// The same, as a device of an account that is another's.
    pub fn external_as(
        &mut self,
        account: &AccountUri,
        given: &GroupInfoGiven,
        right: &ExternalJoin,
    ) -> CommitBundle {
        let MlsMessageBodyIn::GroupInfo(info) = parse(given.group_info.as_slice()) else {
            panic!("no GroupInfo")
        };
        let tree = RatchetTreeIn::tls_deserialize_exact_bytes(given.tree.as_slice()).unwrap();
        let endorsement = endorse(&self.account_key, account, self.device, &self.key());
        let leaf = LeafNodeParameters::builder()
            .with_capabilities(mls::capabilities())
            .with_extensions(mls::leaf_extensions(&endorsement).unwrap())
            .build();
        let (group, bundle) = MlsGroup::external_commit_builder()
            .with_aad(right.encode())
            .with_config(join_config())
            .with_ratchet_tree(tree)
            .build_group(&self.provider, info, self.credential(account))
            .unwrap()
            .leaf_node_parameters(leaf)
            .load_psks(self.provider.storage())
            .unwrap()
            .create_group_info_with_extensions([mls::log_position_extension(&given_position(given))])
            .unwrap()
            .build(self.provider.rand(), self.provider.crypto(), &self.signer(), |_| true)
            .unwrap()
            .finalize(&self.provider)
            .unwrap();
        self.group = Some(group);
        as_bundle(bundle.into_messages())
    }

    /// An encrypted message with this content.
    pub fn message(&mut self, content: &[u8]) -> Vec<u8> {
        let seen = LogPosition::start(&self.id(), 0, 0);
        let frame = MessageFrame { seen, content: content.to_vec() }.encode().unwrap();
        let signer = self.signer();
        let group = self.group.as_mut().unwrap();
        group.set_aad(MessageAad::default().encode());
        group.create_message(&self.provider, &signer, &frame).unwrap().to_bytes().unwrap()
    }

    /// A proposal to remove somebody, which is not kept.
    pub fn propose_removal(&mut self, leaf: LeafNodeIndex) -> Vec<u8> {
        let signer = self.signer();
        let group = self.group.as_mut().unwrap();
        let (message, _) = group.propose_remove_member(&self.provider, &signer, leaf).unwrap();
        group.clear_pending_proposals(self.provider.storage()).unwrap();
        message.to_bytes().unwrap()
    }

    /// A proposal to change its own leaf, which is not kept.
    pub fn propose_update(&mut self) -> Vec<u8> {
        let signer = self.signer();
        let group = self.group.as_mut().unwrap();
        let leaf = LeafNodeParameters::default();
        let (message, _) = group.propose_self_update(&self.provider, &signer, leaf).unwrap();
        group.clear_pending_proposals(self.provider.storage()).unwrap();
        message.to_bytes().unwrap()
    }

    /// A proposal to leave, which is not kept.
    pub fn propose_leaving(&mut self) -> Vec<u8> {
        let signer = self.signer();
        let group = self.group.as_mut().unwrap();
        let message = group.leave_group_via_self_remove(&self.provider, &signer).unwrap();
        group.clear_pending_proposals(self.provider.storage()).unwrap();
        message.to_bytes().unwrap()
    }

    /// A key package of somebody, claimed.
    pub async fn claim(&self, account: &AccountUri) -> KeyPackage {
        let claimed: ClaimedKeyPackages =
            self.post(paths::KEY_PACKAGES_CLAIM, &json!({ "account": account })).await.unwrap();
        let bytes = claimed.key_packages[0].key_package.as_slice();
        key_package::parse(self.provider.crypto(), bytes, now(), 0).unwrap().key_package
    }

    /// What the relay gives for coming in.
    pub async fn ask_group_info(&self, id: ConversationId) -> Answered<GroupInfoGiven> {
        self.post(&format!("/v1/conversations/{id}/group-info"), &json!({ "proof": null })).await
    }

    /// Submits a commit.
    pub async fn submit_commit(&self, id: ConversationId, bundle: &CommitBundle) -> Answered<Accepted> {
        let submission = SubmissionId::from_bytes(random());
        let welcome = bundle.welcome.as_ref().map_or(&[][..], |welcome| welcome.as_slice());
        let (commit, info) = (bundle.commit.as_slice(), bundle.group_info.as_slice());
        let content = commit_content(&id, &submission, commit, welcome, info);
        let signature = self.sign(Purpose::Submission, &content);
        let body = SubmitCommit { submission, after: self.position, bundle: bundle.clone(), signature };
        self.post(&format!("/v1/conversations/{id}/commits"), &body).await
    }

    /// A signed report that it applied a commit and came to the epoch of this authenticator.
    pub fn report(&self, id: ConversationId, number: u64, authenticator: AuthenticatorHash) -> Forked {
        let content = report_content(&id, number, &CommitOutcome::Applied { authenticator });
        Forked { device: self.device, authenticator, signature: self.sign(Purpose::CommitReport, &content) }
    }

    /// Submits a message.
    pub async fn submit_message(&self, id: ConversationId, bytes: &[u8]) -> Answered<Accepted> {
        let submission = SubmissionId::from_bytes(random());
        let signature = self.sign(Purpose::Submission, &message_content(&id, &submission, bytes));
        let message = Base64Url(bytes.to_vec());
        let body = SubmitMessage { submission, after: self.position, message, signature, silent: false };
        self.post(&format!("/v1/conversations/{id}/messages"), &body).await
    }

    /// Submits a proposal.
    pub async fn submit_proposal(&self, id: ConversationId, bytes: &[u8]) -> Answered<Accepted> {
        let submission = SubmissionId::from_bytes(random());
        let signature = self.sign(Purpose::Submission, &proposal_content(&id, &submission, bytes));
        let proposal = Base64Url(bytes.to_vec());
        let body = SubmitProposal { submission, after: self.position, proposal, signature };
        self.post(&format!("/v1/conversations/{id}/proposals"), &body).await
    }

    /// Submits a founding whose tree has so many bytes, of no meaning.
    pub async fn found_with_tree(&self, given: &GroupInfoGiven, bytes: usize) -> Answered<Accepted> {
        let submission = SubmissionId::from_bytes(random());
        let nothing = Base64Url(vec![0; 8]);
        let bundle = CommitBundle { commit: nothing.clone(), welcome: None, group_info: nothing };
        let conversation = ConversationId::from_bytes(random());
        let content = commit_content(&conversation, &submission, &[0; 8], &[], &[0; 8]);
        let body = FoundConversation {
            conversation,
            submission,
            group_info: given.group_info.clone(),
            tree: Base64Url(vec![0; bytes]),
            bundle,
            signature: self.sign(Purpose::Submission, &content),
        };
        self.post(paths::CONVERSATIONS, &body).await
    }

    /// The bytes of the newest entry of a kind.
    pub async fn entry(&self, id: ConversationId, kind: EntryKind) -> Vec<u8> {
        let page: LogPage = self.get(&format!("/v1/conversations/{id}/log?after=0")).await.unwrap();
        let entry = page.entries.into_iter().rfind(|entry| entry.kind == kind && entry.bytes.is_some());
        entry.unwrap().bytes.unwrap().0
    }

    /// Asks the relay something.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Answered<T> {
        let answer = self.call(Method::GET, path, None::<&()>).await?;
        Ok(serde_json::from_slice(&answer).unwrap())
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Answered<T> {
        let answer = self.call(Method::POST, path, Some(body)).await?;
        Ok(serde_json::from_slice(&answer).unwrap())
    }

    async fn call(&self, method: Method, path: &str, body: Option<&impl Serialize>) -> Answered<Vec<u8>> {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let fine = answer.status().is_success();
        let bytes = answer.bytes().await.unwrap();
        if fine { Ok(bytes.to_vec()) } else { Err(Box::new(serde_json::from_slice(&bytes).unwrap())) }
    }
}

fn join_config() -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder()
        .wire_format_policy(openmls::group::MIXED_PLAINTEXT_WIRE_FORMAT_POLICY)
        .build()
}

fn given_position(given: &GroupInfoGiven) -> LogPosition {
    LogPosition { number: given.last, chain: infrasound_spec::log::ChainValue::from_bytes([0; 32]) }
}

fn parse(bytes: &[u8]) -> MlsMessageBodyIn {
    MlsMessageIn::tls_deserialize_exact_bytes(bytes).unwrap().extract()
}

fn as_bundle(
    (commit, welcome, info): (MlsMessageOut, Option<MlsMessageOut>, Option<MlsMessageOut>),
) -> CommitBundle {
    CommitBundle {
        commit: Base64Url(commit.to_bytes().unwrap()),
        welcome: welcome.map(|welcome| Base64Url(welcome.to_bytes().unwrap())),
        group_info: Base64Url(info.unwrap().to_bytes().unwrap()),
    }
}
