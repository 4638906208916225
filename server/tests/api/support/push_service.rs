//! A push service on this machine, and the end of a subscription that reads what comes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use aes_gcm::{Aes128Gcm, KeyInit as _, aead::Aead as _};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use hkdf::Hkdf;
use infrasound_spec::{
    api::push::{PushAuth, PushKey, PushSubscription},
    bytes,
};
use p256::{
    PublicKey, SecretKey,
    ecdh::diffie_hellman,
    ecdsa::{Signature, VerifyingKey, signature::Verifier as _},
    elliptic_curve::sec1::ToEncodedPoint as _,
};
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::mpsc;

use super::device::random;

/// One message as it came.
pub(crate) struct Pushed {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Pushed {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// The claims of the relay's token, whose signature holds under the key beside it.
    pub(crate) fn claims(&self, key: &PushKey) -> Value {
        let (token, shown) =
            self.header("authorization").strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        assert_eq!(shown, key.to_string());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let decode = |text: &str| bytes::decode_bounded(text, 1000).unwrap();
        let signature = Signature::from_slice(&decode(signature)).unwrap();
        VerifyingKey::from_sec1_bytes(key.as_bytes()).unwrap().verify(signed.as_bytes(), &signature).unwrap();
        serde_json::from_slice(&decode(signed.split_once('.').unwrap().1)).unwrap()
    }
}

#[derive(Clone)]
struct Shelf {
    pushed: mpsc::UnboundedSender<Pushed>,
    status: Arc<AtomicU16>,
}

/// A push service that runs.
pub(crate) struct PushService {
    base: String,
    status: Arc<AtomicU16>,
    pushed: mpsc::UnboundedReceiver<Pushed>,
}

impl PushService {
    pub(crate) async fn start() -> Self {
        let (sender, pushed) = mpsc::unbounded_channel();
        let status = Arc::new(AtomicU16::new(201));
        let shelf = Shelf { pushed: sender, status: Arc::clone(&status) };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(take).with_state(shelf);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, status, pushed }
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// How it answers from now on.
    pub(crate) fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// The next message.
    pub(crate) async fn next(&mut self) -> Pushed {
        tokio::time::timeout(Duration::from_secs(20), self.pushed.recv()).await.unwrap().unwrap()
    }

    /// Whether something has come that nobody took.
    pub(crate) fn has_more(&self) -> bool {
        !self.pushed.is_empty()
    }
}

async fn take(State(shelf): State<Shelf>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let pushed = Pushed { path: uri.path().to_owned(), headers, body: body.to_vec() };
    shelf.pushed.send(pushed).unwrap();
    let status = StatusCode::from_u16(shelf.status.load(Ordering::SeqCst)).unwrap();
    (status, [("location", "/elsewhere")]).into_response()
}

/// A device's end of a subscription.
pub(crate) struct Subscriber {
    secret: SecretKey,
    auth: [u8; 16],
}

impl Subscriber {
    pub(crate) fn new() -> Self {
        let secret = SecretKey::from_slice(&random::<32>()).unwrap();
        Self { secret, auth: random() }
    }

    pub(crate) fn subscription(&self, service: &PushService, name: &str) -> PushSubscription {
        let point = self.secret.public_key().to_encoded_point(false);
        PushSubscription {
            endpoint: format!("{}/{name}", service.base).parse().unwrap(),
            key: PushKey::from_slice(point.as_bytes()).unwrap(),
            auth: PushAuth::from_bytes(self.auth),
            quiet: None,
            except: Vec::new(),
        }
    }

    /// What a message says (RFC 8291, RFC 8188).
    pub(crate) fn open(&self, body: &[u8]) -> Vec<u8> {
        let (salt, rest) = body.split_at(16);
        let (size, rest) = rest.split_at(4);
        assert_eq!((size, rest[0]), (&4096_u32.to_be_bytes()[..], 65));
        let (sender, sealed) = rest[1..].split_at(65);
        let shared = diffie_hellman(
            self.secret.to_nonzero_scalar(),
            PublicKey::from_sec1_bytes(sender).unwrap().as_affine(),
        );
        let own = self.secret.public_key().to_encoded_point(false);
        let info = [b"WebPush: info\0", own.as_bytes(), sender].concat();
        let mut input = [0; 32];
        Hkdf::<Sha256>::new(Some(&self.auth), shared.raw_secret_bytes()).expand(&info, &mut input).unwrap();
        let (mut key, mut nonce) = ([0; 16], [0; 12]);
        let derived = Hkdf::<Sha256>::new(Some(salt), &input);
        derived.expand(b"Content-Encoding: aes128gcm\0", &mut key).unwrap();
        derived.expand(b"Content-Encoding: nonce\0", &mut nonce).unwrap();
        let cipher = Aes128Gcm::new_from_slice(&key).unwrap();
        let mut opened = cipher.decrypt(&nonce.into(), sealed).unwrap();
        assert_eq!(opened.pop(), Some(2), "the last record");
        opened
    }
}
