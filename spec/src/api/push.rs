//! Waking a device by push. Spec: `push.md`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::ZeroizeOnDrop;

use crate::{
    bytes::{self, NotBase64Url, fixed_bytes},
    conversation::ConversationId,
    limits::MAX_PUSH_ENDPOINT,
    time,
};

fixed_bytes!(
    /// A public key on P-256: an uncompressed point (SEC 1 section 2.3.3), as browsers give and take it.
    PushKey,
    65
);

/// What device and relay share for a subscription, and the push service does not know (RFC 8291 section 3.2): 16 bytes,
/// base64url in JSON. Wiped from memory when dropped, and not printed.
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = "base64url"))]
pub struct PushAuth([u8; 16]);

impl PushAuth {
    /// Takes the bytes as they are.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Takes the bytes if there are exactly as many as needed.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Borrows the bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for PushAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushAuth(…)")
    }
}

impl Serialize for PushAuth {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&bytes::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for PushAuth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let read = bytes::decode_array(&text).map(Self);
        read.ok_or_else(|| serde::de::Error::custom(NotBase64Url { length: 16 }))
    }
}

/// Where a push service takes messages for a device (RFC 8030 section 4): an absolute URL. Whoever knows it can wake the
/// device.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = "uri", max_length = 1024))]
pub struct PushEndpoint(String);

/// A text is no endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an http or https URL of at most {MAX_PUSH_ENDPOINT} printable ASCII characters")]
pub struct NotAnEndpoint;

impl PushEndpoint {
    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PushEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushEndpoint(…)")
    }
}

impl FromStr for PushEndpoint {
    type Err = NotAnEndpoint;

    fn from_str(text: &str) -> Result<Self, NotAnEndpoint> {
        let scheme = text.starts_with("https://") || text.starts_with("http://");
        let plain = text.len() <= MAX_PUSH_ENDPOINT && text.bytes().all(|byte| byte.is_ascii_graphic());
        if scheme && plain { Ok(Self(text.to_owned())) } else { Err(NotAnEndpoint) }
    }
}

impl<'de> Deserialize<'de> for PushEndpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Hours of rest: minutes from midnight UTC. Where `until` is not after `from`, they go over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuietHours {
    /// The first minute of them, from 0 to 1439.
    pub from: u16,
    /// The first minute after them, from 0 to 1439.
    pub until: u16,
}

const DAY_MINUTES: u64 = time::DAY / time::MINUTE;

impl QuietHours {
    /// Whether both are minutes of a day.
    pub const fn is_valid(&self) -> bool {
        (self.from as u64) < DAY_MINUTES && (self.until as u64) < DAY_MINUTES
    }

    /// When they end, if `now` is in them.
    pub const fn end(&self, now: time::Timestamp) -> Option<time::Timestamp> {
        let minute = now.as_millis() / time::MINUTE % DAY_MINUTES;
        let (from, until) = (self.from as u64, self.until as u64);
        let rest = (until + DAY_MINUTES - from) % DAY_MINUTES;
        let gone = (minute + DAY_MINUTES - from) % DAY_MINUTES;
        if gone >= rest {
            return None;
        }
        let midnight = now.as_millis() - now.as_millis() % time::MINUTE;
        Some(time::Timestamp::from_millis(midnight + (rest - gone) * time::MINUTE))
    }
}

/// `PUT /v1/push`: how the device is woken.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PushSubscription {
    /// Where its push service takes messages for it.
    pub endpoint: PushEndpoint,
    /// The device's public key for push messages.
    pub key: PushKey,
    /// What only the two ends know.
    pub auth: PushAuth,
    /// When not to wake it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<QuietHours>,
    /// Conversations that do not wake it: at most [`crate::limits::MAX_PUSH_EXCEPTIONS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<ConversationId>,
}

impl fmt::Debug for PushSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushSubscription").field("quiet", &self.quiet).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: u64, minutes: u64) -> time::Timestamp {
        time::Timestamp::from_millis(20_000 * time::DAY + hours * time::HOUR + minutes * time::MINUTE + 17)
    }

    #[test]
    fn hours_of_rest_may_go_over_midnight() {
        let nights = QuietHours { from: 22 * 60, until: 7 * 60 };
        let end = |now| nights.end(now).map(|end| end.millis_since(now));
        assert_eq!(end(at(21, 59)), None);
        assert_eq!(end(at(22, 0)), Some(9 * time::HOUR - 17));
        assert_eq!(end(at(6, 59)), Some(time::MINUTE - 17));
        assert_eq!(end(at(7, 0)), None);
    }

    #[test]
    fn hours_of_rest_may_be_by_day_or_none() {
        let noon = QuietHours { from: 12 * 60, until: 13 * 60 };
        assert_eq!(noon.end(at(11, 59)), None);
        assert!(noon.end(at(12, 30)).is_some());
        assert_eq!(noon.end(at(13, 0)), None);
        assert_eq!(QuietHours { from: 60, until: 60 }.end(at(1, 0)), None);
        assert!(!QuietHours { from: 0, until: 1440 }.is_valid());
    }

    #[test]
    fn an_endpoint_is_a_url_in_plain_letters() {
        assert!("https://push.example/send/1?x=%20".parse::<PushEndpoint>().is_ok());
        for bad in
            ["", "push.example", "ftp://push.example/", "https://push.example/a b", "https://püsh.example/"]
        {
            assert_eq!(bad.parse::<PushEndpoint>(), Err(NotAnEndpoint), "{bad}");
        }
        assert!(
            format!("https://push.example/{}", "a".repeat(MAX_PUSH_ENDPOINT))
                .parse::<PushEndpoint>()
                .is_err()
        );
    }

    #[test]
    fn what_is_printed_wakes_nobody() {
        let subscription = PushSubscription {
            endpoint: "https://push.example/send/secret".parse().unwrap(),
            key: PushKey::from_bytes([1; 65]),
            auth: PushAuth::from_bytes([7; 16]),
            quiet: None,
            except: Vec::new(),
        };
        let printed = format!("{subscription:?} {:?} {:?}", subscription.endpoint, subscription.auth);
        assert_eq!(printed, "PushSubscription { quiet: None, .. } PushEndpoint(…) PushAuth(…)");
    }
}
