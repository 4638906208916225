//! By what push services know the relay: a key pair, and a token that it signs for each of them (RFC 8292).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use infrasound_spec::{
    api::push::PushKey,
    time::{HOUR, Timestamp},
};
use p256::{
    SecretKey,
    ecdsa::{Signature, SigningKey, signature::Signer as _},
    elliptic_curve::sec1::ToEncodedPoint as _,
};
use rand_core::OsRng;
use serde_json::json;
use url::Url;
use zeroize::Zeroizing;

use crate::{error::ApiError, store::setting, writer::Writer};

/// The note of the private key.
const SETTING: &str = "push-key";
/// How long a token is good: half of what RFC 8292 section 2 allows.
const LIFETIME: u64 = 12 * HOUR;

/// The relay's key pair.
pub(crate) struct PushIdentity {
    signing: SigningKey,
    key: PushKey,
    /// How the relay is reached, if push services would take that for a contact.
    contact: Option<String>,
}

impl std::fmt::Debug for PushIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PushIdentity").field("key", &self.key).finish_non_exhaustive()
    }
}

impl PushIdentity {
    fn new(secret: &SecretKey, public_url: &str) -> Option<Self> {
        let key = PushKey::from_slice(secret.public_key().to_encoded_point(false).as_bytes())?;
        let contact = public_url.starts_with("https://").then(|| public_url.to_owned());
        Some(Self { signing: secret.into(), key, contact })
    }

    /// Takes the key that is noted, or makes one and notes it: subscriptions are made for a key, and end with it.
    pub(crate) async fn open(writer: &Writer, public_url: &str) -> Result<Self, ApiError> {
        let noted = writer
            .run(|tx| {
                Box::pin(async move {
                    if let Some(noted) = setting::load(tx.conn, SETTING).await? {
                        return Ok(Zeroizing::new(noted));
                    }
                    let made = Zeroizing::new(SecretKey::random(&mut OsRng).to_bytes());
                    let made = Zeroizing::new(URL_SAFE_NO_PAD.encode(made.as_slice()));
                    setting::store(tx.conn, SETTING, &made).await?;
                    Ok(made)
                })
            })
            .await?;
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(noted.as_bytes()).unwrap_or_default());
        let secret = SecretKey::from_slice(&bytes).map_err(|_| ApiError::internal())?;
        Self::new(&secret, public_url).ok_or_else(ApiError::internal)
    }

    /// What browsers are given when they subscribe.
    pub(crate) fn key(&self) -> PushKey {
        self.key
    }

    /// The value of `Authorization` for a push service.
    pub(crate) fn authorization(&self, endpoint: &Url, now: Timestamp) -> String {
        let mut claims = json!({
            "aud": endpoint.origin().ascii_serialization(),
            "exp": now.plus_millis(LIFETIME).as_secs(),
        });
        if let Some(contact) = &self.contact {
            claims["sub"] = json!(contact);
        }
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(json!({ "typ": "JWT", "alg": "ES256" })), part(claims));
        let signature: Signature = self.signing.sign(signed.as_bytes());
        format!("vapid t={signed}.{}, k={}", URL_SAFE_NO_PAD.encode(signature.to_bytes()), self.key)
    }
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::{VerifyingKey, signature::Verifier as _};
    use serde_json::Value;

    use super::*;

    fn identity(public_url: &str) -> PushIdentity {
        PushIdentity::new(&SecretKey::from_slice(&[7; 32]).unwrap(), public_url).unwrap()
    }

    fn claims(identity: &PushIdentity) -> Value {
        let endpoint = Url::parse("https://push.example:8443/send/1?x").unwrap();
        let header = identity.authorization(&endpoint, Timestamp::from_secs(1000));
        let (token, key) = header.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let read = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let signature = Signature::from_slice(&read(signature)).unwrap();
        VerifyingKey::from_sec1_bytes(&read(key)).unwrap().verify(signed.as_bytes(), &signature).unwrap();
        let (head, claims) = signed.split_once('.').unwrap();
        assert_eq!(
            serde_json::from_slice::<Value>(&read(head)).unwrap(),
            json!({ "typ": "JWT", "alg": "ES256" })
        );
        serde_json::from_slice(&read(claims)).unwrap()
    }

    #[test]
    fn a_token_is_for_one_origin_and_half_a_day() {
        let claims = claims(&identity("https://relay.example"));
        let expected = json!({ "aud": "https://push.example:8443", "exp": 1000 + 43_200, "sub": "https://relay.example" });
        assert_eq!(claims, expected);
    }

    #[test]
    fn an_address_that_nobody_else_can_use_is_no_contact() {
        assert_eq!(claims(&identity("http://127.0.0.1:8787")).get("sub"), None);
    }

    #[test]
    fn the_private_key_is_not_printed() {
        let printed = format!("{:?}", identity("https://relay.example"));
        assert!(printed.starts_with("PushIdentity { key: PushKey("), "{printed}");
        assert!(!printed.contains(&URL_SAFE_NO_PAD.encode([7; 32])) && !printed.contains("7, 7"));
    }
}
