//! A device: its keys, its session, and the requests that it makes.

use ed25519_dalek::{Signer as _, SigningKey};
use infrasound_spec::{
    account::{AccountKey, AccountUri, DeviceId, DeviceKey, Handle, Signature},
    api::{
        conversations::{ConversationHead, LogPage, WelcomeList},
        devices::{
            ChallengeGiven, RegisterDevice, Session, StartSession, registration_content, session_content,
        },
        groups::LinkProof,
        key_packages::{ClaimedKeyPackages, KeyPackageCount, UploadKeyPackages},
        sign_in::SignedIn,
    },
    bytes::Base64Url,
    consent::ContactState,
    conversation::ConversationId,
    endorsement::Endorsement,
    mls,
    signing::{Purpose, signing_input},
    time::{self, Timestamp},
};
use openmls::prelude::{
    BasicCredential, CredentialWithKey, KeyPackage, Lifetime, MlsMessageOut, SignatureScheme,
};
use openmls_basic_credential::SignatureKeyPair;
use openmls_rust_crypto::OpenMlsRustCrypto;
use rand_core::{OsRng, RngCore as _};
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};
use tls_codec::Serialize as _;

use super::{Answer, TestRelay};

/// The keys of a device before it is registered.
pub(crate) struct NewDevice {
    pub(crate) account_key: SigningKey,
    pub(crate) device_key: SigningKey,
    pub(crate) id: DeviceId,
    pub(crate) signed_in: SignedIn,
}

/// A registered device.
pub(crate) struct Device {
    pub(crate) keys: NewDevice,
    pub(crate) endorsement: Endorsement,
    pub(crate) provider: OpenMlsRustCrypto,
    pub(crate) token: String,
    base: String,
    http: reqwest::Client,
}

pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.fill_bytes(&mut bytes);
    bytes
}

pub(crate) fn sign(key: &SigningKey, purpose: Purpose, content: &[u8]) -> Signature {
    Signature::from_bytes(key.sign(&signing_input(purpose, content)).to_bytes())
}

pub(crate) fn now() -> Timestamp {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_millis(u64::try_from(now.as_millis()).unwrap())
}

impl NewDevice {
    pub(crate) fn make(signed_in: &SignedIn) -> Self {
        Self {
            account_key: SigningKey::generate(&mut OsRng),
            device_key: SigningKey::generate(&mut OsRng),
            id: DeviceId::from_bytes(random()),
            signed_in: signed_in.clone(),
        }
    }

    pub(crate) fn public_account_key(&self) -> AccountKey {
        AccountKey::from_bytes(self.account_key.verifying_key().to_bytes())
    }

    pub(crate) fn public_key(&self) -> DeviceKey {
        DeviceKey::from_bytes(self.device_key.verifying_key().to_bytes())
    }

    pub(crate) fn endorse(&self) -> Endorsement {
        let (created, expires) = (now(), now().plus_millis(300 * time::DAY));
        let content = Endorsement::signed_content(
            &self.signed_in.account,
            &self.id,
            &self.public_key(),
            created,
            expires,
        );
        Endorsement {
            account_key: self.public_account_key(),
            device: self.id,
            created,
            expires,
            signature: sign(&self.account_key, Purpose::DeviceEndorsement, &content),
        }
    }

    /// The request that registers it.
    pub(crate) fn request(&self, start_over: bool) -> RegisterDevice {
        let endorsement = self.endorse();
        let content = registration_content(&self.signed_in.ticket, &self.id, &self.public_account_key());
        RegisterDevice {
            ticket: self.signed_in.ticket,
            device: self.id,
            name: "laptop".to_owned(),
            device_key: self.public_key(),
            account_key: self.public_account_key(),
            created: endorsement.created,
            expires: endorsement.expires,
            endorsement: endorsement.signature,
            start_over,
            proof: sign(&self.device_key, Purpose::DeviceRegistration, &content),
        }
    }

    pub(crate) async fn register(self, relay: &TestRelay, start_over: bool) -> Device {
        let session: Session = relay.post("/v1/devices", &self.request(start_over)).await.ok();
        Device {
            endorsement: self.endorse(),
            keys: self,
            provider: OpenMlsRustCrypto::default(),
            token: session.token.to_string(),
            base: relay.base.clone(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }
}

impl Device {
    pub(crate) fn account(&self) -> &AccountUri {
        &self.keys.signed_in.account
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.keys.signed_in.handle
    }

    pub(crate) fn id(&self) -> DeviceId {
        self.keys.id
    }

    pub(crate) fn sign(&self, purpose: Purpose, content: &[u8]) -> Signature {
        sign(&self.keys.device_key, purpose, content)
    }

    pub(crate) fn signer(&self) -> SignatureKeyPair {
        let key = &self.keys.device_key;
        SignatureKeyPair::from_raw(
            SignatureScheme::ED25519,
            key.to_bytes().to_vec(),
            key.verifying_key().to_bytes().to_vec(),
        )
    }

    pub(crate) fn credential(&self) -> CredentialWithKey {
        CredentialWithKey {
            credential: BasicCredential::new(self.account().as_str().into()).into(),
            signature_key: self.keys.public_key().as_bytes().to_vec().into(),
        }
    }

    /// A key package of this device, good for so many days.
    pub(crate) fn key_package(&self, last_resort: bool, days: u64) -> Vec<u8> {
        let begin = now().as_secs() - 60;
        let mut builder = KeyPackage::builder()
            .leaf_node_capabilities(mls::capabilities())
            .leaf_node_extensions(mls::leaf_extensions(&self.endorsement).unwrap())
            .key_package_lifetime(Lifetime::init(begin, begin + days * 86_400));
        if last_resort {
            builder = builder.mark_as_last_resort();
        }
        let bundle =
            builder.build(mls::CIPHERSUITE, &self.provider, &self.signer(), self.credential()).unwrap();
        MlsMessageOut::from(bundle.into_key_package()).tls_serialize_detached().unwrap()
    }

    pub(crate) async fn upload(&self, one_time: usize, last_resort: bool) -> KeyPackageCount {
        let upload = UploadKeyPackages {
            one_time: (0..one_time).map(|_| Base64Url(self.key_package(false, 80))).collect(),
            last_resort: last_resort.then(|| Base64Url(self.key_package(true, 80))),
        };
        self.post("/v1/key-packages", &upload).await.ok()
    }

    pub(crate) async fn claim(&self, account: &AccountUri) -> ClaimedKeyPackages {
        self.post("/v1/key-packages/claim", &json!({ "account": account })).await.ok()
    }

    pub(crate) async fn say(&self, of: &Self, state: ContactState) {
        self.put(&contact_path(of.account()), &json!({ "state": state })).await.done();
    }

    /// What the account says of being in a group.
    pub(crate) async fn consent(&self, id: &ConversationId, state: ContactState) -> Answer {
        self.put(&format!("/v1/conversations/{id}/consent"), &json!({ "state": state })).await
    }

    /// What it takes to join by itself.
    pub(crate) async fn group_info(&self, id: &ConversationId, proof: Option<&LinkProof>) -> Answer {
        self.post(&format!("/v1/conversations/{id}/group-info"), &json!({ "proof": proof })).await
    }

    pub(crate) async fn head(&self, id: &ConversationId) -> ConversationHead {
        self.get(&format!("/v1/conversations/{id}")).await.ok()
    }

    pub(crate) async fn log(&self, id: &ConversationId, after: u64) -> LogPage {
        self.get(&format!("/v1/conversations/{id}/log?after={after}")).await.ok()
    }

    pub(crate) async fn welcomes(&self) -> WelcomeList {
        self.get("/v1/welcomes").await.ok()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None::<&Value>).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None::<&Value>).await
    }

    pub(crate) async fn post(&self, path: &str, body: &impl Serialize) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    /// As [`Self::post`], of a relay that may stop meanwhile. `None`: no whole answer came.
    pub(crate) async fn try_post(&self, path: &str, body: &impl Serialize) -> Option<Answer> {
        let request = self.http.post(format!("{}{path}", self.base)).bearer_auth(&self.token).json(body);
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Some(Answer { status, headers, body: response.bytes().await.ok()?.to_vec() })
    }

    /// Starts a new session in place of the one that it has.
    pub(crate) async fn start_session(&mut self) {
        let device = self.id();
        let given: ChallengeGiven =
            self.post("/v1/sessions/challenge", &json!({ "device": device })).await.ok();
        let content = session_content(&given.challenge, &device);
        let signature = self.sign(Purpose::SessionStart, &content);
        let start = StartSession { device, challenge: given.challenge, signature };
        let session: Session = self.post("/v1/sessions", &start).await.ok();
        self.token = session.token.to_string();
    }

    pub(crate) async fn put(&self, path: &str, body: &impl Serialize) -> Answer {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<&impl Serialize>) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        Answer::of(request.send().await.unwrap()).await
    }

    /// Uploads bytes of a blob.
    pub(crate) async fn patch(&self, path: &str, offset: u64, bytes: impl Into<reqwest::Body>) -> Answer {
        let request = self.http.patch(format!("{}{path}", self.base)).bearer_auth(&self.token);
        Answer::of(request.header("upload-offset", offset).body(bytes).send().await.unwrap()).await
    }

    /// Downloads a part of a blob.
    pub(crate) async fn range(&self, path: &str, range: &str) -> Answer {
        let request = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.token);
        Answer::of(request.header("range", range).send().await.unwrap()).await
    }

    /// Opens the stream.
    pub(crate) async fn stream(&self, cursor: Option<&str>) -> reqwest::Response {
        let mut request = self.http.get(format!("{}/v1/stream", self.base)).bearer_auth(&self.token);
        if let Some(cursor) = cursor {
            request = request.header("last-event-id", cursor);
        }
        request.send().await.unwrap().error_for_status().unwrap()
    }
}

/// Where something is said of an account.
pub(crate) fn contact_path(account: &AccountUri) -> String {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    format!("/v1/contacts/{}", utf8_percent_encode(account.as_str(), NON_ALPHANUMERIC))
}
