//! One push message to a push service, and what its answer means. Spec: `push.md` 3.

use std::time::Duration;

use axum::http::StatusCode;
use infrasound_spec::{
    api::push::PushSubscription,
    time::{SECOND, Timestamp},
};
use reqwest::{Client, header};
use url::Url;

use super::{identity::PushIdentity, sealing};
use crate::outbound::{Outbound, Reach};

/// What a woken device reads: the same every time.
const WAKE: &[u8] = br#"{"type":"wake"}"#;
const TTL: &str = "86400";
const TOPIC: &str = "infrasound";
const TIMEOUT: Duration = Duration::from_secs(10);

/// What became of a push message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// The push service has it.
    Taken,
    /// There is no such subscription, now or ever.
    Gone,
    /// It did not work, and may after so many milliseconds, if the push service says when.
    Failed(Option<u64>),
}

/// How push services are called.
#[derive(Debug)]
pub(crate) struct PushServices {
    outbound: Outbound,
    client: Client,
}

impl PushServices {
    pub(crate) fn new(reach: Reach) -> Result<Self, reqwest::Error> {
        let outbound = Outbound::new(reach, TIMEOUT);
        Ok(Self { client: outbound.unredirected()?, outbound })
    }

    /// Whether an endpoint may be called at all.
    pub(crate) fn reaches(&self, endpoint: &str) -> bool {
        Url::parse(endpoint).is_ok_and(|url| self.outbound.judge(&url).is_ok())
    }

    /// Wakes a device.
    pub(super) async fn wake(
        &self,
        subscription: &PushSubscription,
        identity: &PushIdentity,
        now: Timestamp,
    ) -> Delivery {
        let body = sealing::read_key(&subscription.key)
            .ok()
            .and_then(|key| sealing::seal(WAKE, &key, &subscription.auth));
        let url = Url::parse(subscription.endpoint.as_str()).ok();
        let url = url.filter(|url| self.outbound.judge(url).is_ok());
        // Both were checked when it was set; the configuration may have changed since.
        let (Some(body), Some(url)) = (body, url) else { return Delivery::Gone };
        let request = self
            .client
            .post(url.clone())
            .header("ttl", TTL)
            .header("urgency", "high")
            .header("topic", TOPIC)
            .header(header::CONTENT_ENCODING, "aes128gcm")
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .header(header::AUTHORIZATION, identity.authorization(&url, now))
            .body(body);
        match request.send().await {
            Ok(answer) => {
                let after = answer.headers().get(header::RETRY_AFTER);
                judge(answer.status(), after.and_then(|value| value.to_str().ok()?.trim().parse().ok()))
            }
            Err(error) => {
                tracing::debug!(error = %error.without_url(), "a push service was not reached");
                Delivery::Failed(None)
            }
        }
    }
}

fn judge(status: StatusCode, retry_after: Option<u64>) -> Delivery {
    match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => Delivery::Gone,
        status if status.is_success() => Delivery::Taken,
        status => {
            tracing::debug!(%status, "a push service refused");
            Delivery::Failed(retry_after.map(|seconds| seconds.saturating_mul(SECOND)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_says_that_there_is_none_ends_a_subscription() {
        for (status, delivery) in [
            (201, Delivery::Taken),
            (202, Delivery::Taken),
            (404, Delivery::Gone),
            (410, Delivery::Gone),
            (301, Delivery::Failed(Some(7000))),
            (401, Delivery::Failed(Some(7000))),
            (413, Delivery::Failed(Some(7000))),
            (429, Delivery::Failed(Some(7000))),
            (503, Delivery::Failed(Some(7000))),
        ] {
            assert_eq!(judge(StatusCode::from_u16(status).unwrap(), Some(7)), delivery, "{status}");
        }
        assert_eq!(judge(StatusCode::BAD_GATEWAY, None), Delivery::Failed(None));
    }
}
