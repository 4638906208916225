//! One push message to a push service, and what its answer means. Spec: `push.md` 3.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

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
const TIMEOUT: Duration = Duration::from_secs(5);
/// Messages under way to one push service: so a slow one leaves places for others.
const AT_ONCE_EACH: usize = 8;

/// What became of a push message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// The push service has it.
    Taken,
    /// There is no such subscription, now or ever.
    Gone,
    /// It did not work, and may after so many milliseconds, if the push service says when.
    Failed(Option<u64>),
    /// As many as may be are under way to that push service.
    Busy,
}

/// How push services are called.
#[derive(Debug)]
pub(crate) struct PushServices {
    outbound: Outbound,
    client: Client,
    under_way: Mutex<HashMap<String, usize>>,
}

/// A place among the messages to one push service, given back when it is dropped.
struct UnderWay<'s> {
    services: &'s PushServices,
    origin: String,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut under_way = self.services.under_way();
        if let Some(count) = under_way.get_mut(&self.origin) {
            *count -= 1;
            if *count == 0 {
                under_way.remove(&self.origin);
            }
        }
    }
}

impl PushServices {
    pub(crate) fn new(reach: Reach) -> Result<Self, reqwest::Error> {
        let outbound = Outbound::new(reach, TIMEOUT);
        let client = outbound.unredirected()?;
        Ok(Self { outbound, client, under_way: Mutex::default() })
    }

    /// Whether an endpoint may be called, as far as it shows.
    pub(crate) fn reaches(&self, endpoint: &str) -> bool {
        Url::parse(endpoint).is_ok_and(|url| self.outbound.judge(&url).is_ok())
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, url: &Url) -> Option<UnderWay<'_>> {
        let origin = url.origin().ascii_serialization();
        let mut under_way = self.under_way();
        let count = under_way.entry(origin.clone()).or_default();
        if *count >= AT_ONCE_EACH {
            return None;
        }
        *count += 1;
        Some(UnderWay { services: self, origin })
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
        let url = Url::parse(subscription.endpoint.as_str());
        // Both were checked when it was set.
        let (Some(body), Ok(url)) = (body, url) else { return Delivery::Gone };
        // The configuration may have changed since, and may change back.
        if self.outbound.judge(&url).is_err() {
            return Delivery::Failed(None);
        }
        let Some(_place) = self.enter(&url) else { return Delivery::Busy };
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
    fn a_slow_push_service_takes_only_its_own_places() {
        let services = PushServices::new(Reach::default()).unwrap();
        let (slow, other) =
            (Url::parse("https://a.example/1").unwrap(), Url::parse("https://b.example/1").unwrap());
        let mut places: Vec<_> = (0..AT_ONCE_EACH).map(|_| services.enter(&slow).unwrap()).collect();
        assert!(services.enter(&slow).is_none() && services.enter(&other).is_some());
        places.pop();
        assert!(services.enter(&slow).is_some());
        places.clear();
        assert!(services.under_way().is_empty());
    }

    #[test]
    fn this_machine_is_called_only_where_it_is_opened() {
        let services = PushServices::new(Reach::default()).unwrap();
        for endpoint in
            ["https://localhost/1", "https://a.localhost/1", "http://localhost/1", "https://127.0.0.1/1"]
        {
            assert!(!services.reaches(endpoint), "{endpoint}");
        }
        assert!(services.reaches("https://push.example/1"));
    }

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
