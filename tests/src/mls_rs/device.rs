//! A device at the relay: signs in, registers, offers key packages, says what it thinks of others.
//!
//! Spec: `relay-api.md` 6 to 8, `key-packages.md`.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use infrasound_spec::{
    account::{AccountUri, Handle},
    api::{
        contacts::SetContact,
        devices::{RegisterDevice, Session, registration_content},
        key_packages::{KeyPackageCount, UploadKeyPackages},
        paths,
        problem::Problem,
        sign_in::{ExchangeToken, SignedIn, Ticket},
    },
    consent::ContactState,
    conversation::ConversationId,
    signing::Purpose,
    time::Timestamp,
};
use mls_rs::{
    ExtensionList,
    extension::{MlsExtension as _, recommended::LastResortKeyPackageExt},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;

use super::{
    api::Api,
    conversation::MlsRsConversation,
    keys::Keys,
    parameters::{self, MlsClient, begin, leaf_extensions},
};

/// One-time key packages that a device offers at the beginning.
const KEY_PACKAGES: usize = 3;

/// Whether a key package is used once, or when no other is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPackageUse {
    /// Again and again, when no other is left.
    LastResort,
    /// Once.
    OneTime,
}

/// A device whose MLS is mls-rs.
pub struct MlsRsDevice {
    /// Its account's handle.
    pub handle: Handle,
    /// Its keys.
    pub keys: Keys,
    pub(super) api: Api,
    pub(super) client: MlsClient,
    pub(super) conversations: BTreeMap<ConversationId, MlsRsConversation>,
}

impl MlsRsDevice {
    /// Signs in with a token of the instance, registers a device and offers key packages.
    pub async fn login(base: &str, token: &str) -> Self {
        Self::login_as(base, token, false).await
    }

    /// The same, in place of the account's other devices and under a new account key.
    pub async fn start_over(base: &str, token: &str) -> Self {
        Self::login_as(base, token, true).await
    }

    async fn login_as(base: &str, token: &str, start_over: bool) -> Self {
        let api = Api::new(base);
        let exchange = ExchangeToken { access_token: token.to_owned() };
        let signed_in: SignedIn =
            api.post(paths::SIGN_IN_EXCHANGE, &exchange).await.expect("signing in with a good token");
        let keys = Keys::generate(signed_in.account, now());
        let client = parameters::client(&keys);
        let mut device = Self { handle: signed_in.handle, keys, api, client, conversations: BTreeMap::new() };
        device.register(signed_in.ticket, start_over).await;
        device.offer_key_packages().await.expect("key packages that the relay takes");
        device
    }

    async fn register(&mut self, ticket: Ticket, start_over: bool) {
        let endorsement = &self.keys.endorsement;
        let content = registration_content(&ticket, &endorsement.device, &endorsement.account_key);
        let registration = RegisterDevice {
            ticket,
            device: endorsement.device,
            name: "a client on mls-rs".to_owned(),
            device_key: self.keys.public(),
            account_key: endorsement.account_key,
            created: endorsement.created,
            expires: endorsement.expires,
            endorsement: endorsement.signature,
            start_over,
            proof: self.keys.sign(Purpose::DeviceRegistration, &content),
        };
        let session: Session =
            self.api.post(paths::DEVICES, &registration).await.expect("registering the first device");
        self.api.authorize(session.token);
    }

    /// Uploads a few key packages and the one of last resort.
    async fn offer_key_packages(&self) -> Result<KeyPackageCount, Box<Problem>> {
        let make = |used| key_package(&self.client, &self.keys, used, now()).into();
        let upload = UploadKeyPackages {
            one_time: (0..KEY_PACKAGES).map(|_| make(KeyPackageUse::OneTime)).collect(),
            last_resort: Some(make(KeyPackageUse::LastResort)),
        };
        self.api.post(paths::KEY_PACKAGES, &upload).await
    }

    /// What the relay still has to hand out.
    pub async fn key_packages_left(&self) -> KeyPackageCount {
        self.api.get(paths::KEY_PACKAGES).await.expect("counting key packages")
    }

    /// Accepts, ignores, blocks.
    pub async fn say(&self, account: &AccountUri, state: ContactState) {
        let account = utf8_percent_encode(account.as_str(), NON_ALPHANUMERIC).to_string();
        let path = paths::with(paths::CONTACT, "account", &account);
        self.api.tell(Method::PUT, &path, Some(&SetContact { state })).await.expect("saying it");
    }

    /// The conversation with an account.
    pub fn with(&self, other: &AccountUri) -> &MlsRsConversation {
        let found = self.conversations.values().find(|conversation| conversation.is_with(other));
        found.expect("there is a conversation")
    }
}

/// Makes a key package, as an MLSMessage. mls-rs keeps its private part.
pub(super) fn key_package(client: &MlsClient, keys: &Keys, used: KeyPackageUse, now: Timestamp) -> Vec<u8> {
    let extensions: ExtensionList = match used {
        KeyPackageUse::LastResort => {
            vec![LastResortKeyPackageExt.into_extension().expect("an empty extension")].into()
        }
        KeyPackageUse::OneTime => ExtensionList::new(),
    };
    client
        .generate_key_package_message(extensions, leaf_extensions(&keys.endorsement), Some(begin(now)))
        .and_then(|message| message.to_bytes())
        .expect("a key package")
}

/// The present.
pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    Timestamp::from_millis(u64::try_from(since.as_millis()).expect("a clock before the year 500,000,000"))
}
